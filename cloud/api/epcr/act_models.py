"""Acts on an encounter, as callers ask for them."""

from __future__ import annotations

import base64
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from cloud.api.epcr.device_models import Identifier, Word
from cloud.api.epcr.patient_models import Reason
from cloud.api.shared.strict_json import StrictModel, Timestamp
from cloud.core.encounters.ending import Outcome, Refusal
from cloud.core.encounters.handing_over import PreAlert
from cloud.core.encounters.signatures import MOST_OCTETS, Signature

Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]
NotConveyed = Literal[
    "treated_on_scene",
    "referred",
    "refused_care",
    "refused_transport",
    "dead_on_scene",
    "no_patient_found",
    "transferred_to_other_unit",
]
_MOST_BASE64: int = -(-MOST_OCTETS // 3) * 4


class PreAlertRequest(StrictModel):
    """What the facility is told before the patient comes."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "facility_id": "RX1-ED",
                    "eta": "2026-11-26T10:32:00Z",
                    "summary": "VF arrest, ROSC after the second shock",
                    "resources": ["cath_lab"],
                }
            ]
        }
    )

    facility_id: Identifier
    eta: Timestamp
    summary: Text = ""
    resources: Annotated[tuple[Word, ...], Field(max_length=20)] = ()

    def alert(self) -> PreAlert:
        """As the core has it."""
        return PreAlert(
            facility_id=self.facility_id,
            eta_at=self.eta,
            summary=self.summary,
            resources=self.resources,
        )


class DestinationRequest(StrictModel):
    """Where the patient is brought now, and why."""

    facility_id: Identifier
    reason: Reason
    eta: Timestamp | None = None


class SignatureRequest(StrictModel):
    """A picture of a signature, at most 256 KiB."""

    media_type: Literal["image/png", "image/jpeg"]
    data: Annotated[
        str,
        StringConstraints(
            min_length=4,
            max_length=_MOST_BASE64,
            pattern=r"^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
        ),
    ]

    def signature(self) -> Signature:
        """As the core has it."""
        return Signature(media_type=self.media_type, octets=base64.b64decode(self.data))


class HandoverRequest(StrictModel):
    """Where the patient is and who takes over; `at` when it was not now."""

    facility_id: Identifier
    received_by: Identifier
    signature: SignatureRequest | None = None
    at: Timestamp | None = None


class AcknowledgementRequest(StrictModel):
    """Who at the destination knows."""

    acknowledged_by: Identifier
    note: Text = ""


class RefusalRequest(StrictModel):
    """What the patient refuses, and on what ground."""

    refused: Literal["care", "transport"]
    has_capacity: Annotated[bool, Field(strict=True)]
    are_risks_told: Annotated[bool, Field(strict=True)]
    reason: Text = ""
    witnessed_by: Annotated[str, StringConstraints(strip_whitespace=True, max_length=120)] = ""
    signature: SignatureRequest | None = None
    at: Timestamp | None = None

    def refusal(self) -> Refusal:
        """As the core has it."""
        return Refusal(
            refused=self.refused,
            has_capacity=self.has_capacity,
            are_risks_told=self.are_risks_told,
            reason=self.reason,
            witnessed_by=self.witnessed_by,
            signature=self.signature.signature() if self.signature else None,
        )


class CodingRequest(StrictModel):
    """A coded diagnosis; `system` is the URI of the code system."""

    code: Word | None = None
    system: Word | None = None
    display: Word


class OutcomeRequest(StrictModel):
    """What became of the patient; what is not told now may be told later."""

    diagnosis: Annotated[tuple[CodingRequest, ...], Field(min_length=1, max_length=20)] | None = (
        None
    )
    disposition: (
        Literal[
            "admitted",
            "admitted_to_intensive_care",
            "discharged",
            "transferred",
            "left_before_treatment",
            "died",
        ]
        | None
    ) = None
    status_30_days: Literal["alive", "dead", "unknown"] | None = None

    def outcome(self) -> Outcome:
        """As the core has it."""
        told = self.diagnosis
        return Outcome(
            diagnoses=None if told is None else [one.model_dump(exclude_none=True) for one in told],
            disposition=self.disposition,
            status_30_days=self.status_30_days,
        )


class CompletionRequest(StrictModel):
    """Why nobody was conveyed, where there was no handover."""

    not_conveyed: NotConveyed | None = None


class CancellationRequest(StrictModel):
    """Why there is no encounter after all."""

    reason: Reason


class DuplicateRequest(StrictModel):
    """The encounter that counts."""

    duplicate_of: Identifier
