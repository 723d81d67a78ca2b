"""`make bench-million`: search over a million works.

The works are those of the Anthology file again and again, with other ids and partly other words. Their vectors are not
made by the model, which would take days: some thousand works are encoded, and each of the million gets the vector of
one of those plus seeded noise. Ranking means nothing here; time, memory and recall of the graph do.
"""
