"""What is wrong with a network that breaks: every mistake of it in one run, with its repair.

The flow: `guard` stands between the recorder and PyTorch. Where a module or an operator refuses
what arrives, `modules` and `operators` say what it takes and which shape it would give all the
same, as a `Mistake`, and the run goes on with that shape. `source` reads the user's file,
`constructors` finds the calls in it that made the modules, and `findings` makes diagnostics with
edits of both. `failures` explains code that breaks elsewhere, a constructor among it.
"""
