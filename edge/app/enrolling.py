"""What enrolment gives the gateway: its certificate kept, its configurations tried, its devices."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from edge.app.commanding import Commanding
from edge.clock import Clock
from edge.enrolment.configuration import ConfigurationFolder
from edge.enrolment.devices import EnrolledDevices
from edge.enrolment.identity import Identity
from edge.enrolment.renewal import CertificateKeeper
from edge.enrolment.trial import ConfigurationTrial
from edge.status.snapshot import Snapshot
from edge.uplink.https import HttpsLink
from edge.uplink.link import LinkClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """The parts; `services` have to run."""

    identity: Identity
    devices: EnrolledDevices
    keeper: CertificateKeeper
    trial: ConfigurationTrial

    @property
    def services(self) -> tuple[tuple[str, Callable[[], Awaitable[None]]], ...]:
        """What has to run, by name."""
        return (("certificate", self.keeper.run), ("configuration", self.trial.run))

    def describe(self) -> Snapshot:
        """For the status: whether the gateway belongs to a fleet, and how that stands."""
        certificate, folder = self.identity.certificate(), self.trial.folder
        verdict = folder.verdict()
        return {
            "enrolled": folder.membership is not None,
            "revoked": self.identity.revoked(),
            "certificate_ends_at": certificate
            and certificate.not_valid_after_utc.isoformat(timespec="seconds"),
            "configuration_version": folder.version,
            "configuration_on_trial": folder.trial() is not None,
            "configuration_rolled_back": verdict.reason
            if verdict is not None and not verdict.is_kept
            else None,
            "scanned": [asdict(one) for one in self.devices.scanned()],
        }


def make_enrolled(
    folder: Path,
    links: Sequence[LinkClient],
    clock: Clock,
    commanding: Commanding,
    *,
    vehicle_id: str,
    check: Callable[[Mapping[str, object]], None],
    restart: Callable[[], None],
    trial_seconds: float,
    known_utc: Callable[[], datetime | None],
) -> Enrolled:
    """Put them together and register their commands."""
    identity = Identity(folder)
    configuration = ConfigurationFolder(folder, identity.membership())
    devices = EnrolledDevices(commanding.inbox, vehicle_id, commanding.desk.look_again)
    keeper = CertificateKeeper(
        identity=identity,
        clock=clock,
        known_utc=known_utc,
        send=commanding.desk.say,
        changed=[link.renew_certificate for link in links if isinstance(link, HttpsLink)],
    )
    trial = ConfigurationTrial(
        folder=configuration,
        clock=clock,
        check=check,
        restart=restart,
        conclude=commanding.desk.conclude,
        trial_seconds=trial_seconds,
    )
    commanding.desk.register("configuration.apply", trial.apply)
    commanding.desk.register("credentials.renew", keeper.renew)
    commanding.desk.register("credentials.install", keeper.install)
    commanding.desk.register("revoke", keeper.revoke)
    commanding.desk.register("devices.list", devices.take_list)
    commanding.reporter.configuration_version = lambda: configuration.version
    commanding.reporter.taken = trial.reached.set
    return Enrolled(identity=identity, devices=devices, keeper=keeper, trial=trial)
