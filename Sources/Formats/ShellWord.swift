/// Words of a command line that can be pasted into a shell.
package enum ShellWord {
    /// The text as one word of a POSIX shell: as it is if no character of it means anything there, else in single
    /// quotes (XCU 2.2.2); a name that would be taken for an option begins with "./".
    package static func quoted(_ text: String) -> String {
        let text = text.hasPrefix("-") ? "./" + text : text
        let isPlain =
            !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "_./:@%+=,-".utf8.contains(byte)
                }
            }
        return isPlain ? text : "'" + text.replacing("'", with: "'\\''") + "'"
    }
}
