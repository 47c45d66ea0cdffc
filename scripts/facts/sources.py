# SPDX-License-Identifier: Apache-2.0
"""Readers of the other sources: GeoNames, WordNet, tzdata, the Blue Obelisk elements, ruby-countries."""
import ctypes
import datetime
import json
import re
import xml.etree.ElementTree as ET
import zoneinfo
from dataclasses import dataclass

from facts.fold import fold


@dataclass
class City:
    name: str
    state: str
    territory: str
    zone: str
    population: int
    id: str = ''


def geonames(root):
    """Every city of libgeonames0, asked through the library: its data is a blob inside the shared object."""
    lib = ctypes.CDLL(str(next(root.glob('usr/lib/*/libgeonames.so.0'))))
    lib.geonames_get_city.restype = ctypes.c_void_p
    text = {}
    for field in ('name', 'state', 'country_code', 'timezone'):
        call = getattr(lib, f'geonames_city_get_{field}')
        call.restype, call.argtypes = ctypes.c_char_p, [ctypes.c_void_p]
        text[field] = call
    lib.geonames_city_get_population.restype = ctypes.c_uint
    lib.geonames_city_get_population.argtypes = lib.geonames_city_free.argtypes = [ctypes.c_void_p]
    cities = []
    for i in range(lib.geonames_get_n_cities()):
        c = lib.geonames_get_city(i)
        name, state, code, zone = (text[f](c).decode() for f in ('name', 'state', 'country_code', 'timezone'))
        cities.append(City(fold(name), fold(state), code, zone, lib.geonames_city_get_population(c)))
        lib.geonames_city_free(c)
    return cities


@dataclass
class Synset:
    lemmas: list
    pointers: list
    gloss: str
    file: str


class Wordnet:
    """The noun synsets, by offset."""

    def __init__(self, root):
        self.synset = {}
        for line in open(root / 'usr/share/wordnet/data.noun', encoding='latin-1'):
            if line.startswith('  '):
                continue
            head, gloss = line.split(' | ', 1)
            f = head.split()
            n = int(f[3], 16)
            k = 4 + 2 * n
            pointers = [(f[k + 1 + 4 * i], f[k + 2 + 4 * i]) for i in range(int(f[k]))]
            lemmas = [f[4 + 2 * i].replace('_', ' ') for i in range(n)]
            self.synset[f[0]] = Synset(lemmas, pointers, gloss.strip(), f[1])

    def classes(self, synset):
        """Head lemmas of what the synset is an instance of."""
        return [self.synset[p].lemmas[0] for s, p in synset.pointers if s == '@i']

    def wholes(self, synset):
        return [p for s, p in synset.pointers if s == '#p' and p in self.synset]


def zones(root):
    """Zone name -> (territory, standard offset, whether the clock changes), for the rules of 2025."""
    zoneinfo.reset_tzpath([root / 'usr/share/zoneinfo'])
    out = {}
    for line in open(root / 'usr/share/zoneinfo/zone.tab', encoding='utf-8'):
        if line[0] == '#':
            continue
        territory, _, name = line.rstrip('\n').split('\t')[:3]
        zone = zoneinfo.ZoneInfo(name)
        offset = [zone.utcoffset(datetime.datetime(2025, month, 15, 12)) for month in (1, 7)]
        minutes = int(min(offset).total_seconds()) // 60
        sign, size = ('-', -minutes) if minutes < 0 else ('+', minutes)
        out[name] = (territory, f'UTC{sign}{size // 60}:{size % 60:02d}', offset[0] != offset[1])
    return out


def elements(root):
    ns = '{http://www.xml-cml.org/schema}'
    for atom in ET.parse(root / 'usr/share/bodr/elements.xml').getroot().findall(ns + 'atom'):
        d = {x.get('dictRef')[3:]: x.get('value') or x.text for x in atom}
        if int(d['atomicNumber']) > 0:
            yield d


def ruby_countries(root):
    path = next(root.glob('usr/share/rubygems-integration/all/gems/countries-*/lib/countries/cache/countries.json'))
    return json.load(open(path, encoding='utf-8'))


def life(gloss):
    """(born, died) where the gloss gives both years."""
    m = re.search(r'\((\d{3,4})-(\d{3,4})\)', gloss)
    return m.groups() if m else None
