"""Splits that never move and that no sentence straddles: a hash decides, not a random draw."""

import hashlib
import unicodedata

from ..checks import as_list, check_count, check_mapping, check_text

CONTRACTIONS = (
    ("won't", "will not"),
    ("can't", "can not"),
    ("let's", "let us"),
    ("n't", " not"),
    ("'m", " am"),
    ("'re", " are"),
    ("'ll", " will"),
    ("'ve", " have"),
    ("'d", " would"),
    ("'s", " is"),
)


def sentence_key(sentence):
    """What two spellings of one sentence have in common.

    Lower case, English contractions written out, accents off, letters and digits alone. It is a key
    to compare by, not a text to read: a possessive 's is written out too.

    Raises:
        TypeError: sentence is no string.

    >>> sentence_key("It's  HERE!") == sentence_key("It is here.")
    True
    """
    check_text(sentence=sentence)
    text = sentence.casefold().replace("’", "'")
    for short, long in CONTRACTIONS:
        text = text.replace(short, long)
    return "".join(c for c in unicodedata.normalize("NFKD", text) if c.isalnum())


def connected_groups(items):
    """For each item the name of its group: items that share a key, directly or through others.

    Args:
        items: a sequence of tuples of keys (strings), each with at least one.

    Returns:
        a list of names, one an item: the smallest key of the group.

    Raises:
        TypeError, ValueError: an item has no keys, or something else than strings.

    Cost: nearly linear in the number of keys.

    >>> connected_groups([("b", "x"), ("c", "x"), ("d", "y"), ("a", "c")])
    ['a', 'a', 'd', 'a']
    """
    items = as_list("items", items, "tuples of keys")
    for index, keys in enumerate(items):
        name = f"items[{index}]"
        items[index] = tuple(as_list(name, keys, "keys"))
        if not items[index]:
            raise ValueError(f"{name} must hold at least one key, got none")
        for key in items[index]:
            check_text(**{name: key})
    parent = {}  # keys form trees, one tree a group; a root is its own parent

    def root(key):
        parent.setdefault(key, key)
        while parent[key] != key:
            parent[key] = parent[parent[key]]  # a shorter way for the next time
            key = parent[key]
        return key

    for keys in items:
        roots = {root(key) for key in keys}
        for one in roots:
            parent[one] = min(roots)  # so a root is the smallest key of its group
    return [root(keys[0]) for keys in items]


def split_by_hash(groups, sizes):
    """Indices of each split: whole groups, in the order of the SHA-256 of their names.

    Each split takes the groups that still fit, until it is full; what is left is "train".

    Args:
        groups: the name of the group of each item.
        sizes: the number of items that each split gets, by its name.

    Returns:
        a dictionary of sorted lists of indices, with "train" first.

    Raises:
        TypeError: a group is no string, a size no integer.
        ValueError: the groups cannot fill a split exactly.

    >>> split_by_hash(["a", "b", "a", "c"], {"test": 2})
    {'train': [0, 2], 'test': [1, 3]}
    """
    groups = as_list("groups", groups, "names")
    check_text(**{f"groups[{index}]": group for index, group in enumerate(groups)})
    check_mapping("names to numbers", sizes=sizes)
    check_count(minimum=0, **{f"sizes[{name!r}]": size for name, size in sizes.items()})
    members = {}
    for index, group in enumerate(groups):
        members.setdefault(group, []).append(index)
    waiting = sorted(members, key=lambda group: hashlib.sha256(group.encode()).digest())
    splits = {}
    for name, size in sizes.items():
        taken, later = [], []
        for group in waiting:
            fits = len(taken) + len(members[group]) <= size
            if fits:
                taken.extend(members[group])
            else:
                later.append(group)
        if len(taken) != size:
            raise ValueError(
                f"{name} must get {size} items, got groups that make {len(taken)} at most"
            )
        splits[name], waiting = sorted(taken), later
    train = sorted(index for group in waiting for index in members[group])
    return {"train": train, **splits}
