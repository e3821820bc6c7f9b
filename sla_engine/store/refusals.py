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
STORE_AWAY = register(
    "STORE_AWAY",
    "数据库连接不上或不能使用：{found}",
    "the database cannot be reached or used: {found}",
    "恢复后以相同事件号重试；是否已写入可能未知，同一事件号不会记录两次",
    "try again under the same keys; whether it was written may be unknown, twice it cannot be",
)
STORE_FULL = register(
    "STORE_FULL",
    "数据库所在磁盘已满",
    "the disk of the database is full",
    "未写入任何内容；腾出空间后重试",
    "nothing was written; make room and try again",
)
STORE_RACE = register(
    "STORE_RACE",
    "与其他写入者冲突，数据库放弃了本次事务：{found}",
    "the database gave this transaction up for another writer's: {found}",
    "未写入任何内容，重新读取后再决定",
    "nothing was written; read again and decide anew",
)
STORE_MISFIT = register(
    "STORE_MISFIT",
    "数据库不能保存该内容：{found}",
    "the database cannot hold this value: {found}",
    "检查文字中的控制字符（如 NUL）和超出范围的数字",
    "look for control characters such as NUL in texts, and for numbers out of range",
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
FOLLOWER_MOVED = register(
    "FOLLOWER_MOVED",
    "订阅者{found}已被另一进程推进",
    "another process was quicker with follower {found}",
    "未写入任何内容，从新位置继续",
    "nothing was written; go on from where it is now",
)
SUBJECT_TAKEN = register(
    "SUBJECT_TAKEN",
    "另一写入者刚刚登记了同一当事人",
    "another writer has just taken up the same subject",
    "未写入任何内容，重新读取后再决定",
    "nothing was written; read again and decide anew",
)
FOLLOWER_BACKWARDS = register(
    "FOLLOWER_BACKWARDS",
    "订阅者位置不得后退：当前{found}，要求{allowed}",
    "a follower at {found} was told to go back to {allowed}",
    "如需重算请重建投影",
    "to repeat its work, rebuild it beside the old one",
)
