"""What went wrong, in words for the one who typed the command."""


class Trouble(Exception):
    pass
