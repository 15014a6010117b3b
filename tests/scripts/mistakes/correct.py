"""Makes no mistake."""

from steady import Unit

Unit().main()
