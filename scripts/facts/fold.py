# SPDX-License-Identifier: Apache-2.0
"""ASCII folding of names, and small text helpers shared by the readers."""
import re
import unicodedata

_MAP = str.maketrans({
    'ø': 'o', 'Ø': 'O', 'ł': 'l', 'Ł': 'L', 'ß': 'ss', 'đ': 'd', 'Đ': 'D', 'ð': 'd', 'Ð': 'D', 'þ': 'th', 'Þ': 'Th',
    'æ': 'ae', 'Æ': 'Ae', 'œ': 'oe', 'Œ': 'Oe', 'ı': 'i', 'ə': 'a', 'Ə': 'A', 'ħ': 'h', 'Ħ': 'H', 'ŋ': 'ng', 'Ŋ': 'Ng',
    'ɓ': 'b', 'ɗ': 'd', 'Ɗ': 'D', 'Ɓ': 'B', 'ƴ': 'y', 'ƙ': 'k', 'Ƙ': 'K', 'ɔ': 'o', 'ɛ': 'e', 'Ɔ': 'O', 'Ɛ': 'E',
    'ƒ': 'f', 'ʉ': 'u', 'ɖ': 'd', 'ɩ': 'i', 'ʋ': 'v', '’': "'", '‘': "'", 'ʻ': "'", 'ʼ': "'", 'ʹ': "'", 'ʿ': "'",
    'ʾ': "'", 'ʽ': "'", 'ˈ': "'", 'ʺ': "'", '′': "'", '″': "'", '´': "'", '`': "'", '“': '"', '”': '"', '–': '-',
    '—': '-', '‑': '-', '−': '-', '•': '-', '…': '...', '×': 'x', '°': ' deg', '·': '.', 'ǃ': '!', 'ǀ': '', 'ǁ': '',
    '\u00a0': ' ', '\u202f': ' ', '\u200b': '', '\u200e': '', '\u200f': ''})


def fold(text):
    """Plain ASCII, one space between words; what no rule covers is dropped. Tab, ';' and '=' never survive."""
    text = unicodedata.normalize('NFKD', text.translate(_MAP))
    text = ''.join(c for c in text if not unicodedata.combining(c)).translate(_MAP)
    text = text.encode('ascii', 'ignore').decode().replace(';', ',').replace('=', '-').replace('@', 'at')
    return re.sub(r'\s+', ' ', text).strip()


def commas(number):
    return f'{int(number):,}'


def cut(text, limit):
    """The text up to `limit` characters, ended at a word."""
    if len(text) <= limit:
        return text
    return re.sub(r'[\s,(\-]+$', '', text[:limit + 1].rsplit(' ', 1)[0])


def words(text):
    return set(re.findall(r'\w+', text.lower()))
