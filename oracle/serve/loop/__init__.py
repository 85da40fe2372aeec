"""The service: the whole work again and again, watched from outside."""
