"""Plain data and rules; imports nothing but the standard library and pure-computation libraries."""
