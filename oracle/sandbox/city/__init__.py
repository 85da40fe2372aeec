"""A synthetic city: a seeded Shenzhen that writes the files real sources write, and the truth about every row."""
