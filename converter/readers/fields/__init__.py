"""A pack's own fields: its ``fields/*.yml``, and the lists from which they are made, as the user's systems give them."""

from converter.readers.fields.elastic import read_elastic
from converter.readers.fields.falco import read_falco
from converter.readers.fields.file import SIZE, read_fields
from converter.readers.fields.join import Joined, join
from converter.readers.fields.splunk import read_splunk
from converter.readers.fields.system import SIZE as ANSWER_SIZE
from converter.readers.fields.system import System, SystemField
from converter.readers.fields.write import write_fields

__all__ = [
    "ANSWER_SIZE",
    "SIZE",
    "Joined",
    "System",
    "SystemField",
    "join",
    "read_elastic",
    "read_falco",
    "read_fields",
    "read_splunk",
    "write_fields",
]
