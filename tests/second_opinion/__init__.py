"""A second opinion: counting, windows and units written from docs/meaning.md alone, over plain JSON, sharing no code with cptrules."""
