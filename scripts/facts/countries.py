# SPDX-License-Identifier: Apache-2.0
"""Countries and territories, their capitals, and the split by country."""
import hashlib
import re

from facts.entity import Entity
from facts.fold import commas, fold

# WordNet 3.0 is of 2006, or spells otherwise.
CAPITAL = {
    'KZ': 'Astana', 'MM': 'Naypyidaw', 'BI': 'Gitega', 'LK': 'Sri Jayawardenepura Kotte', 'UA': 'Kyiv', 'TM': 'Ashgabat',
    'CI': 'Yamoussoukro', 'ID': 'Jakarta', 'TZ': 'Dodoma', 'NG': 'Abuja', 'FM': 'Palikir', 'PW': 'Ngerulmud',
    'CZ': 'Prague', 'CO': 'Bogota', 'AG': "Saint John's", 'AD': 'Andorra la Vella', 'BF': 'Ouagadougou',
    'BN': 'Bandar Seri Begawan', 'BT': 'Thimphu', 'BZ': 'Belmopan', 'KM': 'Moroni', 'MH': 'Majuro', 'TL': 'Dili',
    'TO': "Nuku'alofa", 'MR': 'Nouakchott', 'MC': 'Monaco', 'GQ': 'Malabo', 'SZ': 'Mbabane', 'BJ': 'Porto-Novo',
    'KI': 'Tarawa', 'YE': 'Sanaa', 'ME': 'Podgorica', 'SS': 'Juba', 'CL': 'Santiago', 'MN': 'Ulaanbaatar',
    'TD': "N'Djamena", 'US': 'Washington', 'DZ': 'Algiers', 'EG': 'Cairo'}
# Several capitals, a disputed one, or a seat of government elsewhere: on the page, never asked.
CAPITAL_DOUBT = {'BO', 'ZA', 'BJ', 'CI', 'LK', 'NL', 'TZ', 'SZ', 'CL', 'MY', 'YE', 'IL', 'PS', 'EH', 'MM', 'CY'}
# They have the most questions, so they are always of the training split.
ALWAYS_TRAIN = {'US', 'CN', 'IN', 'GB', 'DE', 'FR', 'RU', 'BR', 'JP', 'MX', 'IT', 'ID'}
SPOKEN_NAMES = {
    'the netherlands': 'NL', 'the bahamas': 'BS', 'the philippines': 'PH', 'the united states': 'US',
    'the united kingdom': 'GB', 'the ukraine': 'UA', 'the russian federation': 'RU', 'the dominican republic': 'DO',
    'central africa': 'CF', 'red china': 'CN', 'uzbek': 'UZ', 'western samoa': 'WS', 'serbia and montenegro': 'RS',
    'kampuchea': 'KH', 'the republic of the congo': 'CG', 'the democratic republic of the congo': 'CD',
    'the ivory coast': 'CI', 'the czech republic': 'CZ', 'micronesia': 'FM', 'modern macedonia': 'MK',
    'the united arab emirates': 'AE', 'the maldives': 'MV', 'bosnia': 'BA', 'the solomon islands': 'SB',
    'saint christopher-nevis': 'KN', 'sao tome and principe': 'ST', 'cape verde': 'CV', 'swaziland': 'SZ',
    'burma': 'MM', 'east timor': 'TL', 'northern ireland': None, 'tibet': None, 'georgia': 'GE'}
CAPITAL_RE = re.compile(r"\bcapital(?:[a-z, ]*?)? of (?:the island of |modern )?((?:the )?[A-Z][A-Za-z' ]*?)"
                        r'(?: located| in | on |;|$|\(| at | lying)')


def split_of(code):
    digest = int(hashlib.sha1(('t' + code).encode()).hexdigest(), 16)
    if code in ALWAYS_TRAIN:
        return 'train'
    return 'test' if digest % 5 == 0 else 'dev' if digest % 20 == 1 else 'train'


def names_of(world):
    """Lower-case name -> territory code."""
    out = {}
    for t in world.territories:
        ruby = world.ruby[t]
        names = {world.name[t], world.cldr.territory[t], fold(ruby['name'])} | world.cldr.territory_alt[t]
        names |= {fold(x) for x in ruby['unofficial_names'] if x}
        for n in names:
            out.setdefault(n.lower(), t)
    out.update(SPOKEN_NAMES)
    return out


def _capital_of(world, synset):
    """The territory whose capital the synset is, or None."""
    for lemma in synset.lemmas:
        if lemma.lower().startswith('capital of ') and world.named.get(lemma[11:].lower()):
            return world.named[lemma[11:].lower()]
    classes = world.wordnet.classes(synset)
    if synset.file != '15' or not classes or re.search(r'former|ancient|until', synset.gloss):
        return None
    m = CAPITAL_RE.search(synset.gloss + ';')
    t = world.named.get(m.group(1).strip().lower()) if m else None
    if not t and 'national capital' in classes:
        for p in world.wordnet.wholes(synset):
            for lemma in world.wordnet.synset[p].lemmas:
                t = world.named.get(lemma.lower()) or t
    return t


def capitals(world):
    """Territory -> name of the capital, in the spelling that GeoNames uses where one does."""
    found = {}
    for synset in world.wordnet.synset.values():
        t = _capital_of(world, synset)
        if t and t not in found:
            here = {c.name.lower() for c in world.cities_of[t]}
            lemmas = [fold(x) for x in synset.lemmas if not x.lower().startswith('capital of ')]
            found[t] = next((x for x in lemmas if x.lower() in here), fold(synset.lemmas[0]))
    found.update(CAPITAL)
    return found


def capital_city(world, t):
    """The GeoNames city that is the capital, or None."""
    want = world.capital.get(t, '\0').lower()
    same = [c for c in world.cities_of[t] if c.population >= 500 and
            (c.name.lower().startswith(want) or c.name.lower().replace(' city', '') == want)]
    return max(same, key=lambda c: c.population, default=None)


def _place(world, t):
    names = world.cldr.territory
    sub = world.cldr.group.get(t)
    what = 'country' if world.ruby[t].get('ioc') else 'territory'
    return f'{what} in {names[sub]}' if sub in names else what


def country(world, t):
    e = Entity('country', f'country:{t}', world.name[t], _place(world, t),
               (f'{world.name[t]} ({t})',), rank=('country',))
    cldr, ruby, city = world.cldr, world.ruby[t], world.capital_city.get(t)
    if t in world.capital:
        plain = city and city.name.lower() == world.capital[t].lower()
        doubt = '?' if t in CAPITAL_DOUBT else ''
        e.add('capital' + doubt, '@' + city.id if plain else world.capital[t])
    tender = cldr.current_tender(t)
    e.add('currency' if len(tender) == 1 else 'currency?', *(f'@currency:{c}' for c in tender[:2]))
    official = cldr.official(t)
    agreed = len(official) == 1 and len(ruby.get('languages_official') or [1]) <= 1
    e.add('language' if agreed else 'language?', *(f'@language:{x}' for x in official[:3]))
    code = ruby.get('country_code')
    e.add('calling code' if code and len(code) <= 3 else 'calling code?', '+' + code if code else None)
    e.add('demonym', fold(ruby.get('nationality') or ''))
    if t in cldr.info:
        e.add('population', commas(cldr.info[t][0]))
    e.add('domain', '.' + ('uk' if t == 'GB' else t.lower()))
    zones = sorted(z for z, (code, _, _) in world.zones.items() if code == t)
    if len(zones) == 1:
        e.add('time zone', '@timezone:' + zones[0])
    big = max(world.cities_of[t], key=lambda c: c.population, default=None)
    if big and big.name != world.capital.get(t):
        e.add('largest city', big.name)
    e.add('code', cldr.alpha3[t])
    e.add('.split', split_of(t))
    return e
