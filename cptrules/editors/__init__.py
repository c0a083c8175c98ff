"""What editors need: the words of the language, a lexer for Pygments, a grammar for TextMate, a language server."""
