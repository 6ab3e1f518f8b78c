"""The memory of a training step: what is kept for the backward pass, and the step played through.

`lowering` states every layer in bytes, `heap` counts what is alive, `forward`, `backward` and
`step` play the step through on it; `optimizers`, `blocks` and `fit` say what can be changed.
"""
