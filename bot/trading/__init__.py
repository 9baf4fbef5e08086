"""Pure trading: strategy documents, their engine, indicators, metrics, charts. Nothing here waits."""
