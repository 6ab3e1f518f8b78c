"""The architecture language: file to graph.

From source to graph, each room after the one it builds on: `text`, `expressions`, `forms`,
`elaboration`; `network` and `load` put them together.
"""
