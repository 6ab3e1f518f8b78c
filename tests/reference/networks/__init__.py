"""The textbook networks that torchvision does not have, in plain PyTorch, from their papers.

Independent of `specs/`: what `take_textbook.py` takes from here is what the files are held
against. Modules are called in the order of the paper's figure.
"""
