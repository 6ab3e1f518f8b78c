"""A recording run: a module's `forward` runs once on tensors without data, and every operation is
taken down with its operands, its module and the line of the user's code that called it.

The flow: `copying` makes a copy of the module without memory, whose tensors are `Carrier`s;
`recorder` runs under PyTorch's dispatch mode and turns each operator into operations of the common
program by the table of `cnncalc.exchange.torch.operators`; `aliases` says what a write through a
view makes of its base; `scopes` knows which module runs and `lines` which line; `run` puts them
together and gives a `Recording`.
"""
