"""A plain reading of policies: a second evaluator, written from docs/meaning.md, that says nothing where it would need what is not known.

It shares the policies and the records with `cptrules.evaluate`, and no judging: it looks at whole lists instead of intervals, counts days one by one
where it can, and raises `Open` where a fact that it needs is missing. `a_plain_reading_agrees` is the law that holds the two together.
"""
