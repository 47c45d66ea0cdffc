# SPDX-License-Identifier: Apache-2.0
"""The fact table under construction: entities with ordered attributes, and their titles."""
import collections
from dataclasses import dataclass, field

# Who keeps the plain title when several entities have the same name; the others are qualified.
PRIORITY = ['country', 'capital', 'currency', 'language', 'script', 'element', 'timezone', 'city', 'feature', 'person',
            'region']


@dataclass
class Entity:
    kind: str
    id: str
    name: str
    phrase: str          # opens the page: "city in Lima, Peru"
    qualified: tuple     # titles to try where the name alone is another page's title
    attrs: list = field(default_factory=list)
    ask: bool = True     # False: the name is ambiguous beyond this table, so no question starts here
    rank: tuple = ()     # order among equals in the contest for the plain title
    title: str = ''
    flag: str = '-'

    def add(self, key, *values):
        """One attribute; several values stay several. Empty values are dropped."""
        self.attrs += [(key, str(v)) for v in values if v not in (None, '')]

    def line(self):
        fields = [self.kind, self.id, self.flag, self.title, self.phrase, *(f'{k}={v}' for k, v in self.attrs)]
        assert not any('\t' in f or '\n' in f or ';' in f for f in fields), fields
        return '\t'.join(fields)


def give_titles(entities):
    """Titles become unique. Flags: '+' questions may start here, '.' only a step may name it, '-' never named."""
    groups = collections.defaultdict(list)
    for e in entities:
        groups[e.name.lower()].append(e)
    taken = {}
    for name in sorted(groups):
        group = sorted(groups[name], key=lambda e: (PRIORITY.index(e.rank[0]), e.rank[1:], e.id))
        group[0].title = group[0].name
        group[0].flag = '+' if len(group) == 1 and group[0].ask else '.'
        taken[name] = group[0]
        # Only settled kinds keep the right to be asked about once another page has their name as well.
        if len(group) > 1 and group[0].rank[0] in ('country', 'element', 'currency', 'language'):
            group[0].flag = '+'
        elif len(group) > 1 and group[0].rank[0] not in ('capital', 'script', 'timezone'):
            group[0].flag = '-'
    for name in sorted(groups):
        for e in groups[name]:
            if e.title:
                continue
            tries = [*e.qualified, *(f'{e.qualified[-1]} ({n})' for n in range(2, 100))]
            e.title = next(t for t in tries if t.lower() not in taken and t.lower() not in groups)
            taken[e.title.lower()] = e
