"""Every layer kind computed: one file a family, named like the file in ``cnncalc.layers``.

A kernel is a plain function whose keyword arguments are the layer's attributes, already resolved
to one number for each spatial axis.
"""
