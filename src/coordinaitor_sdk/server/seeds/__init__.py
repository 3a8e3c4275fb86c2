"""What a new database starts with: organization, admin and key, and for `demo` the API document's
examples.
"""
