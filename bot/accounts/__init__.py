"""Who may: identities, limits, and the questions that wait for a person."""
