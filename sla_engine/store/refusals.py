"""What a store refuses, in words an operator can act on."""

from sla_engine.errors import register

STREAM_MOVED = register(
    "STREAM_MOVED",
    "该事项已有更新：当前版本{found}，提交依据版本{allowed}",
    "the stream is at version {found}, not at {allowed}",
    "重新读取后再决定",
    "read it again and decide anew",
)
KEY_TAKEN = register(
    "KEY_TAKEN",
    "事件键已被使用：{found}",
    "the key is already in the log: {found}",
    "同一来源事件不会记录两次；查询原记录",
    "the same cause is recorded once; look up what was recorded",
)
STORE_BUSY = register(
    "STORE_BUSY",
    "数据库被其他进程占用，等待{allowed}秒后放弃",
    "another writer held the database for more than {allowed} s",
    "未写入任何内容，可以重试",
    "nothing was written; try again",
)
STORE_NEWER = register(
    "STORE_NEWER",
    "数据库结构版本{found}高于本程序支持的版本{allowed}",
    "the database has schema version {found}, this program knows {allowed}",
    "请升级程序",
    "upgrade the program",
)
SUBJECT_ERASED = register(
    "SUBJECT_ERASED",
    "该当事人的个人信息已依法删除",
    "the personal data of this subject has been erased",
    "不得再次写入；如为新的诉求请使用新的当事人编号",
    "it cannot be written again; a new petition takes a new subject reference",
)
WIRE_UNKNOWN = register(
    "WIRE_UNKNOWN",
    "无法识别的事件类型：{found}",
    "unknown event type: {found}",
    "该事件由更新版本的程序写入，或缺少升级函数",
    "a newer program wrote it, or its upcaster is missing",
)
WIRE_DAMAGED = register(
    "WIRE_DAMAGED",
    "事件内容与其类型{found}不符",
    "the stored bytes do not fit the event type {found}",
    "该事件由更新版本的程序写入，或数据已损坏",
    "a newer program wrote it, or the bytes are damaged",
)
FOLLOWER_BACKWARDS = register(
    "FOLLOWER_BACKWARDS",
    "订阅者位置不得后退：当前{found}，要求{allowed}",
    "a follower at {found} was told to go back to {allowed}",
    "如需重算请重建投影",
    "to repeat its work, rebuild it beside the old one",
)
