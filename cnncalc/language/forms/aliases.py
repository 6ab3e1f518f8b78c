"""What other frameworks call our layer kinds and options."""

from __future__ import annotations

OTHER_NAMES = {
    "conv1d": "conv",
    "conv2d": "conv",
    "conv3d": "conv",
    "convolution": "conv",
    "convtranspose2d": "conv_transpose",
    "deconv": "conv_transpose",
    "conv2dtranspose": "conv_transpose",
    "deconvolution": "conv_transpose",
    "depthwiseconv2d": "depthwise_conv",
    "dwconv": "depthwise_conv",
    "separableconv2d": "separable_conv",
    "maxpool": "max_pool",
    "maxpool2d": "max_pool",
    "maxpooling2d": "max_pool",
    "pool": "max_pool",
    "avgpool": "avg_pool",
    "avgpool2d": "avg_pool",
    "averagepooling2d": "avg_pool",
    "averagepool": "avg_pool",
    "gap": "global_avg_pool",
    "globalaveragepooling2d": "global_avg_pool",
    "globalaveragepool": "global_avg_pool",
    "adaptiveavgpool2d": "adaptive_avg_pool",
    "fc": "linear",
    "dense": "linear",
    "fullyconnected": "linear",
    "innerproduct": "linear",
    "bn": "batch_norm",
    "batchnorm": "batch_norm",
    "batchnorm2d": "batch_norm",
    "batchnormalization": "batch_norm",
    "lrn": "local_response_norm",
    "ln": "layer_norm",
    "swish": "silu",
    "hswish": "hard_swish",
    "lrelu": "leaky_relu",
    "sum": "add",
    "cat": "concat",
    "concatenate": "concat",
    "mul": "multiply",
    "unpool": "max_unpool",
    "zeropad": "pad",
    "zeropadding2d": "pad",
    "upsampling2d": "upsample",
    "interpolate": "upsample",
    "se": "squeeze_excitation",
    "attention": "self_attention",
    "multiheadattention": "self_attention",
    "mha": "self_attention",
    "locallyconnected2d": "locally_connected",
}
"""Our kinds by their names elsewhere, letters and digits only."""

OTHER_OPTIONS: dict[str, tuple[str, ...]] = {
    "out_channels": ("filters", "features"),
    "output_channels": ("filters", "features"),
    "out_features": ("features", "filters"),
    "units": ("features", "filters"),
    "num_output": ("features", "filters"),
    "channels": ("filters", "features"),
    "kernel_shape": ("kernel",),
    "kernel_size": ("kernel",),
    "filter_size": ("kernel",),
    "output_size": ("size",),
    "nb_filter": ("filters",),
    "out_planes": ("filters",),
    "subsample": ("stride",),
    "border_mode": ("padding",),
    "depth_multiplier": ("multiplier",),
    "drop_prob": ("rate",),
    "dropout": ("rate",),
    "pool_size": ("kernel",),
    "window": ("kernel",),
    "size": ("kernel",),
    "strides": ("stride",),
    "pads": ("padding",),
    "dilations": ("dilation",),
    "dilation_rate": ("dilation",),
    "group": ("groups",),
    "num_groups": ("groups",),
    "num_heads": ("heads",),
    "use_bias": ("bias",),
    "bias_term": ("bias",),
    "rate": ("dilation",),
    "p": ("rate",),
    "probability": ("rate",),
    "epsilon": ("eps",),
    "scale_factor": ("scale", "factor"),
    "upscale_factor": ("factor",),
    "alpha": ("slope",),
    "negative_slope": ("slope",),
}
"""Our options by their names elsewhere; the first that a kind has is meant."""

KNOWN_FROM_INPUT = {
    "in_channels",
    "in_features",
    "input_channels",
    "input_dim",
    "input_shape",
    "num_features",
    "num_channels",
    "normalized_shape",
    "embed_dim",
}
"""What is given to other frameworks' layers, and here follows from the layer before."""

PADDING_MODE = (
    "a layer before it says what is around the input: `pad: {padding: 1, mode: reflect}` "
    "(`replicate`, `circular`), with `padding: 0` here; zeros need no option"
)
"""What is said of an option elsewhere that is a layer of its own here."""

TYPES = ("type", "class_name", "layer", "op", "op_type")
"""Keys that other files name a layer's kind with."""
