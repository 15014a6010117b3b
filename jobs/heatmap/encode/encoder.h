#pragma once

// What turns an image into tokens. The native one describes each patch by its colour and texture,
// so that sweeps need no trained weights; a TorchScript file of the user's does what it was trained
// for. Free of LibTorch's headers. One thread.

#include <memory>
#include <string>

#include "core/error.h"
#include "jobs/files/picture.h"
#include "jobs/heatmap/data/class_rows.h"
#include "jobs/heatmap/maps/tokens.h"

namespace xorch::heatmap {

class Encoder {
 public:
    virtual ~Encoder() = default;

    // Of a picture of image_side in both directions; all values are finite.
    virtual Result<Tokens> encode(const Picture& picture) = 0;

    // Changes whenever equal pictures give other tokens.
    virtual const std::string& hash() const = 0;
};

struct NativeEncoderOptions {
    // Length of what all tokens have in common, in that of what they say: real models of this kind
    // have much of it, which squeezes their cosines into a narrow range.
    double anisotropy = 3;
    // Part of the image's mean in each patch, as attention mixes it in; below 1.
    double context = 0.1;
};

std::unique_ptr<Encoder> make_native_encoder(const NativeEncoderOptions& options);

// The contract: f32[N,3,224,224], normalised as CLIP's images are, goes in; f32[N,1+P,D] with P a
// square comes out, the token of the image first, before any normalisation. A probe is answered
// finite and twice alike, or the error says what is wrong with the file.
Result<std::unique_ptr<Encoder>> open_script_encoder(const std::string& path);

// The texts of classes by a second module: i64[M,77] tokens, a row of whole numbers per class, go
// in, f32[M,D] comes out.
Result<TextFeatures> encode_texts(const std::string& path, const ClassRows& tokens);

// Features that something else computed.
TextFeatures to_text_features(const ClassRows& rows);

}  // namespace xorch::heatmap
