"""Every layer kind computed: one file a family, named like the file in ``cnncalc.layers``.

A kernel is a plain function whose keyword arguments are the layer's attributes; what slides takes
its `Slide` on each axis.
"""
