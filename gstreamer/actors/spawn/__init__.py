"""The plain actor classes made into Ray actors, with their names, resources and settings.

Each class in here builds one actor inside its own process. Nothing that needs another part to answer happens in a
constructor, since an error there ends an actor for good.
"""
