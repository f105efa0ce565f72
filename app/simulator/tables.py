"""The databases of the simulated centre in one: Cisco's tables by their own names and types, and the centre's memory.

`Dialer_Detail`, `Campaign`, `Campaign_Skill_Group` and the real-time tables have the columns that Cisco documents.
`Dialing_List` holds the lists of all campaigns (Cisco has one table a campaign, which no client may read). Tables
with names that begin with `Simulator_` are not Cisco's.
"""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

Flag = sa.CHAR(1)
Double = sa.Float(53)

campaign = sa.Table(
    "Campaign",
    metadata,
    sa.Column("CampaignID", sa.Integer, sa.Identity(start=5001), primary_key=True),
    sa.Column("CampaignName", sa.String(32), nullable=False),
    sa.Column("Enabled", Flag, nullable=False),
    sa.Column("APIGenerated", Flag, nullable=False),
    sa.Column("CampaignPurposeType", sa.Integer, nullable=False),
    sa.Column("MaxAttempts", sa.Integer, nullable=False),
    sa.Column("TZDisplayName", sa.String(128)),
    sa.Column("Deleted", Flag, nullable=False),
    sa.Column("ChangeStamp", sa.Integer, nullable=False),
    sa.Column("Simulator_Settings", sa.UnicodeText, nullable=False),  # the whole campaign as the API gives it, JSON
    sa.Column("Simulator_ImportColumns", sa.String(400)),  # the header that appended imports must repeat
)

campaign_skill_group = sa.Table(
    "Campaign_Skill_Group",
    metadata,
    sa.Column("CampaignID", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("SkillTargetID", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("DialedNumber", sa.String(10)),
    sa.Column("DialingMode", sa.Integer),
    sa.Column("RecordsToCache", sa.Integer),
    sa.Column("ReservationPercentage", sa.Integer),
    sa.Column("OverflowAgents", sa.Integer),
    sa.Column("IVRPorts", sa.Integer),
    sa.Column("IVRRoutePoint", sa.String(32)),
    sa.Column("AbandonedRoutePoint", sa.String(10)),
)


dialing_list = sa.Table(
    "Dialing_List",
    metadata,
    sa.Column("DialingListID", sa.Integer, sa.Identity(start=1, minvalue=-2147483648), primary_key=True),
    sa.Column("CampaignID", sa.Integer, nullable=False),
    sa.Column("AccountNumber", sa.Unicode(30)),
    sa.Column("FirstName", sa.Unicode(50)),
    sa.Column("LastName", sa.Unicode(50)),
    sa.Column("Phones", sa.String(210), nullable=False),  # Phone01 to Phone10, joined with |
    sa.Column("Results", sa.String(60), nullable=False),  # CallResult01 to CallResult10, joined with |
    sa.Column("PhoneIndex", sa.SmallInteger, nullable=False),  # which of the phones is next, from 0
    sa.Column("TimeZoneBias", sa.SmallInteger, nullable=False),
    sa.Column("DstObserved", Flag, nullable=False),
    sa.Column("CallStatusZone1", Flag, nullable=False),
    sa.Column("CallResult", sa.SmallInteger, nullable=False),
    sa.Column("CallsMadeToZone1", sa.SmallInteger, nullable=False),
    sa.Column("CallbackNumber", sa.String(20)),
    sa.Column("DueAt", sa.DateTime),  # UTC; next dial of R and B, return to P of U
    sa.Column("ImportRuleDate", sa.DateTime, nullable=False),  # local time of the central controller
    sa.Index("IX_Dialing_List_Status", "CampaignID", "CallStatusZone1", "DialingListID"),
    sa.Index("IX_Dialing_List_Account", "CampaignID", "AccountNumber"),
)

dialer_detail = sa.Table(
    "Dialer_Detail",
    metadata,
    sa.Column("RecoveryKey", Double, primary_key=True, autoincrement=False),
    sa.Column("DbDateTime", sa.DateTime, index=True),
    sa.Column("DateTime", sa.DateTime, nullable=False, index=True),
    sa.Column("TimeZone", sa.Integer),
    sa.Column("CampaignReportingDateTime", sa.DateTime),
    sa.Column("CampaignID", sa.Integer),
    sa.Column("QueryRuleID", sa.Integer),
    sa.Column("DialingListID", sa.Integer),
    sa.Column("AccountNumber", sa.String(128)),
    sa.Column("FirstName", sa.String(50)),
    sa.Column("LastName", sa.String(50)),
    sa.Column("Phone", sa.String(20)),
    sa.Column("PhoneExt", sa.String(8)),
    sa.Column("PhoneID", sa.Integer),
    sa.Column("PhoneIndex", sa.Integer),
    sa.Column("ZoneIndex", sa.SmallInteger),
    sa.Column("CallResult", sa.Integer),
    sa.Column("CallResultDetail", sa.Integer),
    sa.Column("CallStatusZone1", Flag),
    sa.Column("CallStatusZone2", Flag),
    sa.Column("DialingMode", sa.Integer),
    sa.Column("CallDuration", sa.Integer),
    sa.Column("ReservationCallDuration", sa.Integer),
    sa.Column("PreviewTime", sa.Integer),
    sa.Column("PickupTime", sa.Integer),
    sa.Column("IdleTime", sa.Integer),
    sa.Column("AgentPeripheralNumber", sa.String(32)),
    sa.Column("PeripheralID", sa.Integer),
    sa.Column("PeripheralCallKey", sa.Integer),
    sa.Column("SkillGroupSkillTargetID", sa.Integer),
    sa.Column("DialerID", sa.Integer),
    sa.Column("PortNumber", sa.Integer),
    sa.Column("ProtocolID", sa.Integer),
    sa.Column("RouterCallKeyDay", sa.Integer),
    sa.Column("RouterCallKey", sa.Integer),
    sa.Column("CallGUID", sa.String(32)),
    sa.Column("CallbackPhone", sa.String(20)),
    sa.Column("CallbackDateTime", sa.DateTime),
    sa.Column("CustomerTimeZone", sa.Integer),
    sa.Column("ImportRuleDateTime", sa.DateTime),
    sa.Column("WrapupData", sa.String(40)),
    *(sa.Column(f"FutureUseInt{n}", sa.Integer) for n in range(1, 9)),
    *(sa.Column(f"FutureUseVarChar{n}", sa.String(64)) for n in range(1, 5)),
    *(
        sa.Column(name, sa.Integer)
        for name in (
            "ActiveThreshold",
            "NoiseThreshold",
            "MaxActiveGlitchTime",
            "MaxPostSpeechSilenceGlitchTime",
            "NumOfActiveGlitches",
            "NumOfPostSpeechSilenceGlitches",
            "MaxZCRstdev",
            "SilencePeriod",
            "TermToneDetectionTime",
            "ValidSpeechTime",
        )
    ),
)

STATISTICS = {  # column of Campaign_Query_Rule_Real_Time to element of runtimestats
    "AbandonDetectCount": "abandonDetectCount",
    "AbandonToIVRCount": "abandonToIvrCount",
    "AgentClosedCount": "agentClosedCount",
    "AgentRejectedCount": "agentRejectedCount",
    "AnsweringMachineCount": "answeringMachineCount",
    "AttemptedCount": "attemptedCount",
    "BusyCount": "busyCount",
    "CallBackCount": "callBackCount",
    "CancelledDetectCount": "cancelledDetectCount",
    "ClosedCount": "closedCount",
    "CustomerAbandonDetectCount": "customerAbandonDetectCount",
    "CustomerNotHomeCount": "customerNotHomeCount",
    "FaxDetectCount": "faxDetectCount",
    "NetworkAnsMachineCount": "networkAnsMachineCount",
    "NoAnswerDetectCount": "noAnswerDetectCount",
    "NoDialToneDetectCount": "noDialToneDetectCount",
    "NoRingBackDetectCount": "noRingBackDetectCount",
    "PersonalCallbackCount": "personalCallbackCount",
    "SITToneDetectCount": "sitToneDetectCount",
    "TalkTimeCount": "talkTimeCount",
    "TotalCount": "totalCount",
    "TotalVoiceCount": "totalVoiceCount",
    "VoiceCount": "voiceCount",
    "WrapupTimeCount": "wrapupTimeCount",
    "WrongNumberCount": "wrongNumberCount",
}
LASTING = (
    "TotalCount",
    "TotalVoiceCount",
    "ClosedCount",
)  # since the last overwriting import; the rest are daily

campaign_real_time = sa.Table(
    "Campaign_Query_Rule_Real_Time",
    metadata,
    sa.Column("CampaignID", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("QueryRuleID", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("DateTime", sa.DateTime, nullable=False),
    *(sa.Column(name, sa.Integer, nullable=False, server_default="0") for name in STATISTICS),
)

SKILL_GROUP_COUNTS = (
    "LoggedOn", "Ready", "NotReady", "Avail", "IcmAvailable", "TalkingIn", "TalkingOut", "TalkingAutoOut",
    "TalkingPreview", "TalkingReserve", "TalkingOther", "Hold", "WorkReady", "WorkNotReady", "ReservedAgents",
    "BusyOther", "RouterCallsQNow", "CallsQueuedNow",
)  # fmt: skip

skill_group_real_time = sa.Table(
    "Skill_Group_Real_Time",
    metadata,
    sa.Column("SkillTargetID", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("DateTime", sa.DateTime, nullable=False),
    *(sa.Column(name, sa.Integer, nullable=False, server_default="0") for name in SKILL_GROUP_COUNTS),
)

dialer_skill_group_real_time = sa.Table(
    "Dialer_Skill_Group_Real_Time",
    metadata,
    sa.Column("DialerID", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("SkillGroupSkillTargetID", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("CampaignID", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("DateTime", sa.DateTime, nullable=False),
    sa.Column("DialerSkillGroupEnabled", Flag, nullable=False),
    sa.Column("DialerSkillGroupMode", Flag, nullable=False),
    sa.Column("LinesPerAgent", Double, nullable=False),
    sa.Column("IdleRecords", sa.Integer, nullable=False),
    sa.Column("UsedRecords", sa.Integer, nullable=False),
)


personal_callback_list = sa.Table(
    "Personal_Callback_List",
    metadata,
    sa.Column("PersonalCallbackListID", sa.Integer, sa.Identity(start=1, minvalue=-2147483648), primary_key=True),
    sa.Column("DialingListID", sa.Integer),
    sa.Column("CampaignID", sa.Integer, nullable=False),
    sa.Column("PeripheralID", sa.Integer, nullable=False),
    sa.Column("AgentID", sa.Integer, nullable=False),
    sa.Column("CampaignDN", sa.String(12)),
    sa.Column("Phone", sa.String(20), nullable=False),
    sa.Column("AccountNumber", sa.Unicode(32)),
    sa.Column("MaxAttempts", sa.Integer, nullable=False),
    sa.Column("CallbackDateTime", sa.DateTime, nullable=False),  # local time of the Logger
    sa.Column("CallStatus", Flag, nullable=False),
    sa.Column("CallResult", sa.SmallInteger, nullable=False),
    sa.Column("FirstName", sa.Unicode(50)),
    sa.Column("LastName", sa.Unicode(50)),
    sa.Column("InsertedIntoDBDateTime", sa.DateTime, nullable=False),
    sa.Column("SentToDialerDateTime", sa.DateTime),
    sa.Column("ChangeStamp", sa.Integer, nullable=False),
)

do_not_call = sa.Table(
    "Do_Not_Call",
    metadata,
    sa.Column("DoNotCallID", sa.Integer, sa.Identity(), primary_key=True),
    sa.Column("Phone", sa.String(20), nullable=False, unique=True),
    sa.Column("PhoneExt", sa.String(8)),
)

dnc_rule = sa.Table(
    "Simulator_Dnc_Rule",
    metadata,
    sa.Column("DncID", sa.Integer, sa.Identity(start=5001), primary_key=True),
    sa.Column("Name", sa.String(32), nullable=False),
    sa.Column("FilePath", sa.Unicode(255), nullable=False),
    sa.Column("Overwrite", Flag, nullable=False),
    sa.Column("RenameFile", Flag, nullable=False),
    sa.Column("ChangeStamp", sa.Integer, nullable=False),
)

delayed_row = sa.Table(  # rows of Dialer_Detail on their way to the historical database; they outlive a crash
    "Simulator_Delayed_Row",
    metadata,
    sa.Column("DelayedRowID", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("RecoveryKey", Double, nullable=False, unique=True),
    sa.Column("DueAt", sa.DateTime, nullable=False, index=True),  # UTC
    sa.Column("RepeatOf", Double),  # set: the row is written once more with a new DbDateTime, and no new key
    sa.Column("Payload", sa.UnicodeText, nullable=False),
)

import_log = sa.Table(  # what each import request came to, for tests that balance the books
    "Simulator_Import_Log",
    metadata,
    sa.Column("ImportID", sa.Integer, sa.Identity(), primary_key=True),
    sa.Column("CampaignID", sa.Integer, nullable=False),
    sa.Column("ReceivedAt", sa.DateTime, nullable=False),  # UTC
    sa.Column("Records", sa.Integer, nullable=False),
    sa.Column("Stored", sa.Integer, nullable=False),
    sa.Column("Outcome", sa.String(20), nullable=False),  # stored, hung, lost
)

state = sa.Table(
    "Simulator_State",
    metadata,
    sa.Column("Name", sa.String(64), primary_key=True),
    sa.Column("Value", sa.UnicodeText, nullable=False),
)


def create_tables(engine: sa.Engine, side_b: bool) -> None:
    """Make the tables that are missing. `side_b` makes new lists number their records from -2147483648."""
    first = -2147483648 if side_b else 1
    for table, column in (
        (dialing_list, "DialingListID"),
        (personal_callback_list, "PersonalCallbackListID"),
    ):
        identity = table.c[column].identity
        assert identity is not None  # noqa: S101  the table is defined above
        identity.start = first
    metadata.create_all(engine)
