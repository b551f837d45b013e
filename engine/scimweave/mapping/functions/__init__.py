"""The functions of the expression language, each with its types, its line of doc and examples."""
