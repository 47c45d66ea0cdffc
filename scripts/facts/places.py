# SPDX-License-Identifier: Apache-2.0
"""Cities, regions and time zones."""
import collections
import re

from facts.entity import Entity
from facts.fold import commas

CITY_MIN = 100_000  # inhabitants; capitals and largest cities come in at any size
_STATE_PREFIX = re.compile(r"^(state of|province of|imarat|wilaya de|region de|departement de l'|departement de|"
                           r'departamento de|departamento del|provincia de|gouvernorat de|muhafazat|emirate of)\s+')
_STATE_SUFFIX = re.compile(r'\s+(emirate|province|region|state|governorate|district|department|county|oblast|'
                           r'prefecture|krai|division|municipality|voivodeship)$')


def chosen_cities(world):
    """The cities that get a page, each with its id; the capitals among them are world.capital_city's own objects."""
    chosen = [c for c in world.cities if c.population >= CITY_MIN and c.territory in world.name]
    for extra in (world.capital_city, {t: max(world.cities_of[t], key=lambda c: c.population)
                                       for t in world.territories if world.cities_of[t]}):
        have = {id(c) for c in chosen}
        chosen += [c for t, c in sorted(extra.items()) if c and id(c) not in have]
    seen = collections.Counter()
    for c in chosen:
        key = re.sub(r'\W+', '_', f'{c.territory}_{c.state}_{c.name}')
        seen[key] += 1
        c.id = f'city:{key}' + (f'_{seen[key]}' if seen[key] > 1 else '')
    return chosen


def city(world, c):
    capitals = {id(x) for x in world.capital_city.values()}
    country = world.name[c.territory]
    state = '' if c.state.lower() == c.name.lower() else c.state
    where = f'{state}, {country}' if state else country
    rank = 'capital' if id(c) in capitals else 'city'
    e = Entity('city', c.id, c.name, f'city in {where}',
               (f'{c.name}, {state}' if state else f'{c.name} city', f'{c.name}, {where}'),
               ask=world.named_cities[c.name.lower()] <= 1, rank=(rank, -c.population))
    e.add('country', f'@country:{c.territory}')
    if c.population >= 500:
        e.add('population', commas(c.population))
    e.add('time zone', f'@timezone:{c.zone}' if world.zones.get(c.zone, ('',))[0] in world.name else c.zone)
    return e


def _state(name):
    return _STATE_PREFIX.sub('', _STATE_SUFFIX.sub('', name.lower())).strip()


def regions(world):
    largest = {}
    for c in world.cities:
        key = (c.territory, _state(c.state))
        if key not in largest or c.population > largest[key].population:
            largest[key] = c
    territories = {n.lower() for n in world.name.values()}
    territories |= {re.sub(r'^(islands|territory) ', '', n) for n in territories}
    for code, (name, parent) in sorted(world.cldr.region.items()):
        if parent not in world.name or name.lower() in territories:
            continue
        country = world.name[parent]
        e = Entity('region', f'region:{code}', name, f'region of {country}', (f'{name} region', f'{name} region, {country}'),
                   ask=world.named_cities[name.lower()] == 0, rank=('region',))
        e.add('country', f'@country:{parent}')
        e.add('code', f'{code[:2].upper()}-{code[2:].upper()}')
        if (parent, _state(name)) in largest:
            e.add('largest city', largest[parent, _state(name)].name)
        yield e


def timezones(world):
    for zone, (territory, offset, changes) in sorted(world.zones.items()):
        if territory not in world.name:
            continue
        country = world.name[territory]
        e = Entity('timezone', f'timezone:{zone}', zone, f'time zone of {country}', (), rank=('timezone',))
        e.add('country', f'@country:{territory}')
        e.add('offset', offset)
        e.add('summer time', 'yes' if changes else 'no')
        e.add('name', world.cldr.zone_name.get(zone))
        yield e
