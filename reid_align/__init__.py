"""Person re-identification features, and the complete SAN and DSA-reID behind them."""

__version__ = "0.1.0"
