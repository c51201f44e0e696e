"""Clinical notes from facts: templates, phrase banks, surrogate identifiers, evidence spans."""
