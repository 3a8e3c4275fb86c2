"""Items of a list as a pandas DataFrame (extra `[pandas]`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from pydantic import BaseModel


def data_frame(items: Sequence[object], model: type[BaseModel]) -> pd.DataFrame:
    """One row an item, one column a field in Python's spelling; without items the columns alone.

    Args:
        items: of the model.
        model: tells the columns; what a server sends beside them comes behind.

    Raises:
        ConfigurationError: pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise ConfigurationError(
            "to_dataframe() needs another package: pip install 'coordinaitor[pandas]'"
        ) from error
    rows = [item.model_dump(warnings=False) for item in items if isinstance(item, model)]
    beside = {name for row in rows for name in row} - model.model_fields.keys()
    return pd.DataFrame.from_records(rows, columns=[*model.model_fields, *sorted(beside)])
