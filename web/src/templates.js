// Files to begin with.
export const TEMPLATES = {
  empty: "name: My network\ninput: [3, 224, 224]\nlayers:\n  - ",
  plain: `name: Plain CNN
input: [3, 32, 32]
parameters: {classes: 10}

blocks:
  conv_bn(filters):
    - conv: {filters: filters, kernel: 3, padding: 1, bias: false}
    - batch_norm
    - relu

layers:
  - conv_bn: 32
  - max_pool: 2
  - conv_bn: 64
  - max_pool: 2
  - conv_bn: 128
  - global_avg_pool
  - flatten
  - linear: classes
`,
  residual: `name: Residual network
input: [3, 64, 64]
parameters: {classes: 10}

blocks:
  conv_bn(filters, kernel=3, stride=1):
    - conv: {filters: filters, kernel: kernel, stride: stride, padding: kernel // 2, bias: false}
    - batch_norm
  residual(filters, stride=1):
    - add:
        - [conv_bn: [filters, 3, stride], relu, conv_bn: filters]
        - [{conv_bn: [filters, 1, stride], if: stride > 1 or channels != filters}]
    - relu

layers:
  - conv_bn: 32
  - relu
  - residual: 32
  - residual: [64, 2]
  - residual: [128, 2]
  - global_avg_pool
  - flatten
  - linear: classes
`,
  unet: `name: Small U-Net
input: [1, 128, 128]
parameters: {classes: 2}

blocks:
  double_conv(filters):
    - layers: [conv: [filters, 3, 1, 1], relu]
      repeat: 2
  up(filters, skip):
    - conv_transpose: [filters, 2, 2]
    - concat: [[], skip]
    - double_conv: filters

layers:
  - {double_conv: 16, name: down1}
  - max_pool: 2
  - {double_conv: 32, name: down2}
  - max_pool: 2
  - double_conv: 64
  - up: [32, down2]
  - up: [16, down1]
  - conv: [classes, 1]
`,
  inception: `name: Inception block
input: [64, 28, 28]

blocks:
  conv_relu(filters, kernel=1):
    - conv: {filters: filters, kernel: kernel, padding: kernel // 2}
    - relu
  inception(c1, r3, c3, r5, c5, pool):
    - concat:
        - [conv_relu: c1]
        - [conv_relu: r3, conv_relu: [c3, 3]]
        - [conv_relu: r5, conv_relu: [c5, 5]]
        - [max_pool: {kernel: 3, stride: 1, padding: 1}, conv_relu: pool]

layers:
  - inception: [64, 96, 128, 16, 32, 32]
  - inception: [128, 128, 192, 32, 96, 64]
`,
  detector: `name: Small detector
input: [3, 256, 256]
parameters: {classes: 20, anchors: 3}

blocks:
  conv_bn(filters, kernel=3, stride=1):
    - conv: {filters: filters, kernel: kernel, stride: stride, padding: kernel // 2, bias: false}
    - batch_norm
    - leaky_relu: 0.1
  head(filters):
    - conv_bn: filters
    - conv: {filters: anchors * (5 + classes), kernel: 1}

layers:
  - conv_bn: 16
  - conv_bn: [32, 3, 2]
  - conv_bn: [64, 3, 2]
  - conv_bn: [128, 3, 2]
  - {conv_bn: [256, 3, 2], name: fine}
  - {conv_bn: [512, 3, 2], name: coarse}
  - {head: 512, name: large_objects, output: true}
  - {conv_bn: [128, 1], from: coarse}
  - upsample: 2
  - concat: [[], fine]
  - {head: 256, name: small_objects}
`,
};
