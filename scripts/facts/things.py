# SPDX-License-Identifier: Apache-2.0
"""Currencies, languages, scripts and chemical elements."""
from facts.entity import Entity
from facts.fold import commas, cut, fold

DISCOVERED_IN = {'uk': 'GB', 'de': 'DE', 'se': 'SE', 'fr': 'FR', 'dk': 'DK', 'fi': 'FI', 'it': 'IT', 'es': 'ES',
                 'us': 'US', 'ru': 'RU'}
LANGUAGE = {'na': 'Nauruan', 'tkl': 'Tokelauan', 'tvl': 'Tuvaluan'}  # CLDR calls them by their countries' names


def currencies(world):
    tender, names = world.cldr.tender, world.cldr.currency
    used = {c for t in world.territories for c, _, _ in tender.get(t, [])}
    for code in sorted(used):
        rows = [(t, since, until) for t in world.territories for c, since, until in tender.get(t, []) if c == code]
        now = [r for r in rows if r[2] is None]
        e = Entity('currency', f'currency:{code}', names[code], 'currency' if now else 'former currency',
                   (f'{names[code]} ({code})',),
                   ask=not any(ch.isdigit() for ch in names[code]), rank=('currency', 0 if now else 1))
        e.add('code', code)
        number = world.cldr.currency_number.get(code)
        e.add('number', f'{int(number):03d}' if number else None)
        if len(now) == 1:
            territory, since, _ = now[0]
            if since and since > '1850':
                e.add('introduced', since[:4])
                e.add('replaced', *[names[c] for c, _, until in tender[territory] if until and c != code][:1])
        last = max((until for _, _, until in rows if until), default=None)
        if not now and last:
            e.add('used until', last[:4])
        yield e


def _speakers(world):
    speakers, most = {}, {}
    for t, (population, _, spoken) in world.cldr.info.items():
        for code, percent, _ in spoken:
            here = population * percent / 100
            if t in world.name:
                speakers[code] = speakers.get(code, 0) + here
                most[code] = max(most.get(code, (0, '')), (here, t))
    return speakers, most


def languages(world):
    names, scripts = world.cldr.language, world.cldr.script
    speakers, _ = _speakers(world)
    for code in sorted(names):
        if code not in speakers or '_' in code:
            continue
        e = Entity('language', f'language:{code}', LANGUAGE.get(code, names[code]), 'language',
                   (f'{names[code]} language',), rank=('language',))
        e.add('code', code)
        e.add('script', *[scripts[s] for s in sorted(world.cldr.written[code]) if s in scripts][:3])
        if speakers[code] >= 1000:
            digits = len(str(int(speakers[code]))) - 2
            e.add('speakers', commas(round(speakers[code], -digits)))
        yield e


def scripts(world):
    speakers, _ = _speakers(world)
    for code, (origin, right_to_left) in sorted(world.cldr.script_meta.items()):
        if code not in world.cldr.script or code in ('Zyyy', 'Zinh', 'Zzzz'):
            continue
        name = world.cldr.script[code]
        e = Entity('script', f'script:{code}', name if name.endswith('cript') else name + ' script', 'script',
                   (f'{name} script ({code})',), rank=('script',))
        e.add('code', code)
        e.add('country', f'@country:{origin}' if origin in world.name else None)
        e.add('direction', 'right to left' if right_to_left else 'left to right')
        users = [x for x in speakers if x in world.cldr.language and code in world.cldr.written[x]]
        users.sort(key=lambda x: (-speakers[x], x))
        e.add('languages', *(world.cldr.language[x] for x in users[:3]))
        yield e


def _kelvin(value):
    return f'{float(value):g} K' if value else None


def elements(world):
    for d in world.elements:
        e = Entity('element', f'element:{d["symbol"]}', d['name'], 'chemical element', (f'{d["name"]} element',),
                   rank=('element',))
        e.add('symbol', d['symbol'])
        e.add('atomic number', d['atomicNumber'])
        where = [DISCOVERED_IN[x] for x in (d.get('discoveryCountry') or '').split(',') if x in DISCOVERED_IN]
        year = d.get('discoveryDate')
        e.add('discovery year', year if year != '0' else None)
        alone = ',' not in (d.get('discoveryCountry') or '')
        e.add('country' if alone else 'country?', *(f'@country:{t}' for t in where))
        e.add('discoverer', *[cut(fold(x), 40) for x in (d.get('discoverers') or '').split(';') if x.strip()][:1])
        e.add('family', (d.get('family') or '').replace('_', ' ').lower())
        e.add('melting point', _kelvin(d.get('meltingpoint')))
        e.add('boiling point', _kelvin(d.get('boilingpoint')))
        yield e
