# SPDX-License-Identifier: Apache-2.0
"""Reads what the world takes from Unicode CLDR (package unicode-cldr-core)."""
import collections
import re
import xml.etree.ElementTree as ET

from facts.fold import fold


class Cldr:
    """English names, and the supplemental facts about territories, currencies, languages and scripts."""

    def __init__(self, root):
        self.base = root / 'usr/share/unicode/cldr/common'
        self.english = ET.parse(self.base / 'main/en.xml').getroot()
        self.data = ET.parse(self.base / 'supplemental/supplementalData.xml').getroot()
        self._names()
        self._codes()
        self._territories()
        self._languages()
        self._zones()

    def _display(self, path, tag, alt=None):
        return {t.get('type'): fold(t.text) for t in self.english.findall(f'{path}/{tag}') if t.get('alt') == alt}

    def _names(self):
        self.territory = self._display('localeDisplayNames/territories', 'territory')
        self.territory_alt = collections.defaultdict(set)
        for t in self.english.findall('localeDisplayNames/territories/territory'):
            if t.get('alt'):
                self.territory_alt[t.get('type')].add(fold(t.text))
        self.language = self._display('localeDisplayNames/languages', 'language')
        self.script = self._display('localeDisplayNames/scripts', 'script')
        self.script.update(self._display('localeDisplayNames/scripts', 'script', 'stand-alone'))
        self.currency = {}
        for c in self.english.findall('numbers/currencies/currency'):
            for name in c.findall('displayName'):
                if name.get('count') is None:
                    self.currency[c.get('type')] = fold(name.text)

    def _codes(self):
        self.alpha3, self.currency_number = {}, {}
        for c in self.data.find('codeMappings'):
            if c.tag == 'territoryCodes' and c.get('numeric') and c.get('alpha3'):
                self.alpha3[c.get('type')] = c.get('alpha3')
            if c.tag == 'currencyCodes':
                self.currency_number[c.get('type')] = c.get('numeric')

    def _territories(self):
        self.group = {}
        for g in self.data.find('territoryContainment'):
            if g.get('status') in ('deprecated', 'grouping') or g.get('grouping') == 'true':
                continue
            for x in g.get('contains').split():
                self.group.setdefault(x, g.get('type') if g.get('type').isdigit() else None)
        self.info = {}
        for t in self.data.find('territoryInfo').findall('territory'):
            spoken = [(x.get('type'), float(x.get('populationPercent')), x.get('officialStatus'))
                      for x in t.findall('languagePopulation')]
            self.info[t.get('type')] = (int(t.get('population')), float(t.get('literacyPercent')), spoken)
        self.tender = {}
        for r in self.data.find('currencyData').findall('region'):
            self.tender[r.get('iso3166')] = [(x.get('iso4217'), x.get('from'), x.get('to')) for x in r
                                             if x.get('tender') != 'false' and x.get('iso4217') in self.currency]
        tree = ET.parse(self.base / 'supplemental/subdivisions.xml').getroot()
        parent = {x: g.get('type') for g in tree.iter('subgroup') for x in g.get('contains').split()}
        names = ET.parse(self.base / 'subdivisions/en.xml').getroot()
        self.region = {x.get('type'): (fold(x.text), parent.get(x.get('type')))
                       for x in names.iter('subdivision') if not x.get('alt')}

    def _languages(self):
        self.written = collections.defaultdict(set)
        for x in self.data.find('languageData'):
            if x.get('alt') != 'secondary':
                self.written[x.get('type')].update((x.get('scripts') or '').split())
        self.script_meta = {}
        for line in open(self.base / 'properties/scriptMetadata.txt', encoding='utf-8'):
            f = [x.strip() for x in line.split('#')[0].split(';')]
            if len(f) > 6:
                self.script_meta[f[0]] = (f[3], f[6] == 'YES')  # origin territory, right to left

    def _zones(self):
        zone_meta = {}
        for z in ET.parse(self.base / 'supplemental/metaZones.xml').getroot().iter('timezone'):
            use = z.findall('usesMetazone')
            if use and use[-1].get('to') is None:
                zone_meta[z.get('type')] = use[-1].get('mzone')
        names = {}
        for m in self.english.findall('dates/timeZoneNames/metazone'):
            n = m.find('long/standard')
            n = m.find('long/generic') if n is None else n
            if n is not None:
                names[m.get('type')] = fold(n.text)
        self.zone_name = {z: names[m] for z, m in zone_meta.items() if m in names}

    def official(self, territory):
        """Codes of the official languages, most spoken first."""
        spoken = self.info.get(territory, (0, 0, []))[2]
        return [x for x, _, status in sorted(spoken, key=lambda r: (-r[1], r[0]))
                if status in ('official', 'de_facto_official') and x in self.language]

    def current_tender(self, territory):
        return [code for code, _, until in self.tender.get(territory, []) if until is None]

    def short_name(self, territory):
        name = self.territory[territory]
        if territory in ('HK', 'MO'):
            name = min([name, *sorted(self.territory_alt[territory])], key=len)
        fixed = {'CD': 'Democratic Republic of the Congo', 'CG': 'Republic of the Congo', 'PS': 'Palestine'}
        name = re.sub(r' \(.*\)$', '', name).replace('&', 'and').replace('St. ', 'Saint ')
        return fixed.get(territory, name)
