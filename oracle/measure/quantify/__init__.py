"""Turn acts into creditable quantities, by approved methodologies.

`library/` holds a document for each scenario; `schema` says what one may say, `build` turns it into rules, `library` finds the rule for
an act. `engine` quantifies tables of acts in integers, `compute` one record that a person typed in exact fractions. `exclusions` finds
what is claimed twice; `lock`, `check`, `diff`, `views` and `catalogue` are for the people who keep the library.
"""
