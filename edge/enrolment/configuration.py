"""The signed configuration on board: one that is known to be good, and at most one on trial.

A new one is verified and tried; it becomes the good one when the gateway reached the cloud with it
within its time. When it did not, or did not even start, the good one is back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edge.enrolment.durable import remove, write_whole
from edge.enrolment.identity import Membership
from edge.enrolment.lazily import lazily
from edge.errors import EnrolmentError
from protocols.errors import DecodeError
from protocols.uplink.signed import SignedConfiguration, parse_signed

if TYPE_CHECKING:
    from cryptography import exceptions
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, utils
else:
    exceptions = lazily("cryptography.exceptions")
    hashes = lazily("cryptography.hazmat.primitives.hashes")
    serialization = lazily("cryptography.hazmat.primitives.serialization")
    ec = lazily("cryptography.hazmat.primitives.asymmetric.ec")
    utils = lazily("cryptography.hazmat.primitives.asymmetric.utils")

FOLDER: Final = "configuration"
GOOD: Final = "good.jws"
TRIAL: Final = "trial.jws"
TRIAL_STATE: Final = "trial.json"
VERDICT: Final = "verdict.json"
MOST_STARTS: Final = 2
"""A trial that was started so often and never got through is over, whoever ended those runs."""


def verify(text: str, membership: Membership) -> SignedConfiguration:
    """A configuration that the cloud signed for this gateway; EnrolmentError for anything else."""
    try:
        signed = parse_signed(text)
    except DecodeError as exc:
        raise EnrolmentError("the configuration cannot be read") from exc
    if signed.key_id != membership.configuration_key_id:
        raise EnrolmentError("the configuration is signed by another key")
    if signed.gateway_id != membership.gateway_id:
        raise EnrolmentError("the configuration is another gateway's")
    half = len(signed.signature) // 2
    signature = utils.encode_dss_signature(
        int.from_bytes(signed.signature[:half]), int.from_bytes(signed.signature[half:])
    )
    try:
        key = serialization.load_pem_public_key(membership.configuration_key.encode())
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise EnrolmentError("the key of configurations is of another kind")
        key.verify(signature, signed.signing_input, ec.ECDSA(hashes.SHA256()))
    except (exceptions.InvalidSignature, ValueError) as exc:
        raise EnrolmentError("the configuration's signature is wrong") from exc
    return signed


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A configuration being tried: by which command (its id in hexadecimal), and how often."""

    command: str
    version: int
    starts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of a trial; `reason` is a snake_case word where it was not kept."""

    command: str
    version: int
    is_kept: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ConfigurationFolder:
    """The files in `data`/configuration. What cannot be read counts as absent."""

    data: Path
    membership: Membership | None

    @property
    def folder(self) -> Path:
        """Where the files are."""
        return self.data / FOLDER

    def good(self) -> SignedConfiguration | None:
        """The configuration known to be good."""
        return self._read(GOOD)

    def trial(self) -> Trial | None:
        """The trial under way."""
        members = self._json(TRIAL_STATE)
        return None if members is None or self._read(TRIAL) is None else Trial(**members)

    def verdict(self) -> Verdict | None:
        """What became of the last trial."""
        members = self._json(VERDICT)
        return None if members is None else Verdict(**members)

    @property
    def version(self) -> int:
        """The version in force, 0 without any."""
        found = self._read(TRIAL) if self.trial() is not None else self.good()
        return 0 if found is None else found.version

    def highest_version(self) -> int:
        """The highest version seen, kept or not: only a higher one is new."""
        good, verdict = self.good(), self.verdict()
        return max(
            self.version,
            0 if good is None else good.version,
            0 if verdict is None else verdict.version,
        )

    def settings(self) -> Mapping[str, object]:
        """The settings in force: those on trial, else the good ones."""
        found = (self._read(TRIAL) if self.trial() is not None else None) or self.good()
        return {} if found is None else found.settings

    def keep_good(self, text: str) -> None:
        """Take a configuration without a trial: the one the gateway joined with."""
        self._write(GOOD, text.encode())

    def begin_trial(self, text: str, trial: Trial) -> None:
        """From the next start on, `text` is tried."""
        self._write(TRIAL, text.encode())
        self._write(TRIAL_STATE, json.dumps(asdict(trial)).encode())

    def count_start(self) -> bool:
        """The gateway starts; False when there is no trial, or this start ended one."""
        trial = self.trial()
        if trial is None:
            return False
        if trial.starts >= MOST_STARTS:
            self.roll_back("ended_under_way")
            return False
        counted = replace(trial, starts=trial.starts + 1)
        self._write(TRIAL_STATE, json.dumps(asdict(counted)).encode())
        return True

    def keep_trial(self) -> Verdict | None:
        """The trial got through: it is the good one from now on."""
        trial = self.trial()
        if trial is None:
            return None
        self._write(GOOD, (self.folder / TRIAL).read_bytes())
        return self._end(trial, is_kept=True)

    def roll_back(self, reason: str) -> Verdict | None:
        """The trial did not get through: the good one is back at the next start."""
        trial = self.trial()
        return None if trial is None else self._end(trial, is_kept=False, reason=reason)

    def forget_trials(self) -> None:
        """The versions of another gateway's configurations say nothing of this one's."""
        for name in (TRIAL_STATE, TRIAL, VERDICT):
            if (self.folder / name).exists():
                remove(self.folder / name)

    def _end(self, trial: Trial, *, is_kept: bool, reason: str = "") -> Verdict:
        verdict = Verdict(
            command=trial.command, version=trial.version, is_kept=is_kept, reason=reason
        )
        # The verdict first: a power cut behind it leaves a trial that is known to be over.
        self._write(VERDICT, json.dumps(asdict(verdict)).encode())
        for name in (TRIAL_STATE, TRIAL):
            remove(self.folder / name)
        return verdict

    def _read(self, name: str) -> SignedConfiguration | None:
        if self.membership is None:
            return None
        try:
            text = (self.folder / name).read_text(encoding="ascii")
            # Verified at every start: the disk is not the cloud.
            return verify(text, self.membership)
        except (OSError, ValueError, EnrolmentError):
            return None

    def _json(self, name: str) -> dict[str, Any] | None:
        try:
            found = json.loads((self.folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def _write(self, name: str, octets: bytes) -> None:
        try:
            write_whole(self.folder / name, octets)
        except OSError as exc:
            raise EnrolmentError(
                f"the configuration cannot be kept ({(exc.strerror or '').lower()})",
                mend="Look at the disk of the data folder",
            ) from exc
