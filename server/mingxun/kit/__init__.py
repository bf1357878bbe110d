"""What every feature needs and no feature owns: settings, clock, ids, the database, problems, paging, signing, jobs, the HTTP boundary.

Nothing here knows a neighbourhood, a shift or a person.
"""
