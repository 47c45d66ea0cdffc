# SPDX-License-Identifier: Apache-2.0
"""People and geographic features, from WordNet glosses and links."""
import re

from facts.entity import Entity
from facts.fold import cut, fold, words
from facts.sources import life

# Adjectives that the demonyms of ruby-countries lack or give to another state; None means no country of today.
NATION = {
    'United States': 'US', 'American': 'US', 'English': 'GB', 'British': 'GB', 'Scottish': 'GB', 'Welsh': 'GB',
    'Czechoslovakian': None, 'Flemish': 'BE', 'Prussian': 'DE', 'Bohemian': 'CZ', 'Venetian': 'IT',
    'Florentine': 'IT', 'Soviet': None, 'French': 'FR', 'Dutch': 'NL', 'Norwegian': 'NO', 'Chinese': 'CN',
    'Indian': 'IN', 'Swedish': 'SE', 'Dominican': None, 'Spanish': 'ES', 'Nigerian': 'NG', 'Irish': 'IE'}
FEATURE = {
    'river': 'river', 'lake': 'lake', 'mountain peak': 'mountain', 'island': 'island', 'desert': 'desert',
    'range': 'mountain range', 'volcano': 'volcano', 'peninsula': 'peninsula', 'bay': 'bay', 'sea': 'sea',
    'gulf': 'gulf', 'strait': 'strait', 'waterfall': 'waterfall', 'national park': 'national park',
    'archipelago': 'archipelago', 'cape': 'cape', 'university': 'university', 'pitched battle': 'battle',
    'constellation': 'constellation', 'canal': 'canal'}
PARTS = {'American state': 'US', 'Canadian province': 'CA', 'Italian region': 'IT', 'French region': 'FR'}
NOTE = 48  # characters of a gloss that a page keeps


def _nation_pattern(world):
    nation = {}
    for t in world.territories:
        if world.ruby[t].get('ioc') and world.ruby[t].get('nationality'):
            nation.setdefault(fold(world.ruby[t]['nationality']), t)
    nation.update(NATION)
    any_of = '|'.join(sorted(map(re.escape, nation), key=lambda x: (-len(x), x)))
    lead = r'(?:(?:the|a|an|noted|prolific|influential|\d+\w\w|early|great|celebrated|\w+) ){0,2}?'
    return nation, re.compile(lead + r'\b(' + any_of + r')\b')


def _nation_of(gloss, nation, pattern):
    """The country of the adjective at the head of the gloss; anywhere else it may speak of another one."""
    if re.search(r'born in (?:the )?[A-Z]', gloss):
        return None
    gloss = re.sub(r'\(.*?\)', '', gloss)
    m = pattern.match(gloss)
    if not m or re.search(r'\b(of|in|by|from|to|who|and|against)\b', gloss[:m.start(1)]):
        return None
    return nation[m.group(1)]


def _note(gloss):
    return cut(re.sub(r'\s*\(.*?\)', '', gloss).rstrip('., '), NOTE)


def _same_person(people):
    """Names whose words are all within the names of another person: they may mean both."""
    holders = {}
    for key, (_, synset) in people.items():
        for w in set().union(*(words(fold(x)) for x in synset.lemmas)):
            holders.setdefault(w, set()).add(key)
    return {key for key, (name, _) in people.items()
            if len(set.intersection(*(holders[w] for w in words(name)))) > 1}


def people(world):
    nation, pattern = _nation_pattern(world)
    found = {}
    for key, s in world.wordnet.synset.items():
        if s.file == '18' and world.wordnet.classes(s) and life(s.gloss):
            found[key] = (fold(next((x for x in s.lemmas if ' ' in x), s.lemmas[0])), s)
    doubtful = _same_person(found)
    for key, (name, s) in sorted(found.items()):
        gloss = fold(s.gloss.split('; "')[0])
        born, died = life(s.gloss)
        e = Entity('person', f'person:{key}', name, world.wordnet.classes(s)[0], (f'{name} ({born}-{died})',),
                   ask=' ' in name and key not in doubtful, rank=('person',))
        t = _nation_of(gloss, nation, pattern)
        e.add('country', f'@country:{t}' if t in world.name else None)
        e.add('birth year', born)
        e.add('death year', died)
        e.add('note', _note(gloss))
        e.add('also', *[fold(x) for x in s.lemmas if fold(x) != name][:2])
        yield e


def _lands(world):
    """Synset of a country, or of a part of one -> territory."""
    lands = {}
    for key, s in world.wordnet.synset.items():
        if s.file != '15':
            continue
        classes = world.wordnet.classes(s)
        if any('country' in c or c in ('state', 'kingdom') for c in classes):
            for lemma in s.lemmas:
                if world.named.get(lemma.lower()):
                    lands[key] = world.named[lemma.lower()]
        lands.update({key: PARTS[c] for c in classes[:1] if c in PARTS})
        if 'American state' in classes:
            lands[key] = 'US'
    return lands


def features(world):
    lands = _lands(world)
    for key, s in sorted(world.wordnet.synset.items()):
        kind = next((FEATURE[c] for c in world.wordnet.classes(s) if c in FEATURE), None)
        if not kind or s.file not in ('15', '17', '14', '04'):
            continue
        watery = kind in ('river', 'lake', 'sea', 'bay', 'gulf')
        name = fold(max(s.lemmas[:3], key=len) if watery else s.lemmas[0])
        wholes = world.wordnet.wholes(s)
        where = sorted({lands[p] for p in wholes if p in lands})
        holder = fold(world.wordnet.synset[wholes[0]].lemmas[0]) if wholes else ''
        e = Entity('feature', f'feature:{key}', name, f'{kind} in {holder}' if holder else kind,
                   (f'{name} {kind}', f'{name} {kind}, {holder}'),
                   ask=world.named_cities[name.lower()] == 0, rank=('feature',))
        e.add('country' if len(where) == 1 else 'country?', *(f'@country:{t}' for t in where[:3]))
        e.add('note', _note(fold(s.gloss.split('; "')[0])))
        e.add('also', *[fold(x) for x in s.lemmas if fold(x) != name][:2])
        yield e
