"""The assistant that works without a language model: it understands the usual sentences by rules."""
