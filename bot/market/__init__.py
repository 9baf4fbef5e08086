"""Where prices, candles and tokens come from."""
