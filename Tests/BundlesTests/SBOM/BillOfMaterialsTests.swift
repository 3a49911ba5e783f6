import TestSupport
import Testing

@testable import Bundles
@testable import Caches
@testable import Formats
@testable import Locking
@testable import Manifests
@testable import Storage

@Suite struct BillOfMaterialsTests {
    @Test(arguments: BillOfMaterials.Format.allCases)
    func isTheSameWhateverTheOrderOfTheEntries(format: BillOfMaterials.Format) throws {
        let entries = try SBOMSamples.entries()
        let expected = try BillOfMaterials(Lock(bundle: Samples.bundle, entries: entries)).text(format)
        var random = SeededGenerator(seed: 0x5EED)
        for _ in 0..<20 {
            let shuffled = Lock(bundle: Samples.bundle, entries: entries.shuffled(using: &random))
            #expect(try BillOfMaterials(shuffled).text(format) == expected)
        }
    }

    @Test(arguments: BillOfMaterials.Format.allCases)
    func isTheSameOfALockThatWasWrittenAndRead(format: BillOfMaterials.Format) throws {
        let lock = try SBOMSamples.lock()
        let read = try Lock.parse(lock.bytes, path: "x.lock")
        #expect(try BillOfMaterials(read).text(format) == BillOfMaterials(lock).text(format))
    }

    @Test(arguments: BillOfMaterials.Format.allCases)
    func isAnotherOfAnotherLock(format: BillOfMaterials.Format) throws {
        let other = try Samples.lock(Samples.settings(title: "Another"), try SBOMSamples.entries())
        let (first, second) = (try BillOfMaterials(SBOMSamples.lock()), try BillOfMaterials(other))
        #expect(first.uuid != second.uuid)
        #expect(first.text(format) != second.text(format))
    }

    @Test func hasAUUIDOfVersion8ThatFollowsFromTheLock() throws {
        let bill = try BillOfMaterials(SBOMSamples.lock())
        let parts = bill.uuid.split(separator: "-")
        #expect(parts.map(\.count) == [8, 4, 4, 4, 12])
        #expect(parts[2].first == "8")
        #expect("89ab".contains(parts[3].first ?? " "))
        #expect(bill.lockDigest == (try ContentHasher.sha256(SBOMSamples.lock().bytes.span)))
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00Z"), (951_782_399, "2000-02-28T23:59:59Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
        (1_772_323_200, "2026-03-01T00:00:00Z"), (4_107_542_399, "2100-02-28T23:59:59Z"),
        (4_107_542_400, "2100-03-01T00:00:00Z"), (253_402_300_799, "9999-12-31T23:59:59Z"),
    ]) func writesTimesOfTheCalendar(seconds: Int, text: String) {
        #expect(BillOfMaterials.time(seconds) == text)
    }

    @Test(arguments: [-1, 253_402_300_800, Int.max, Int.min]) func refusesTimesOutsideOfIt(seconds: Int) {
        #expect(BillOfMaterials.time(seconds) == nil)
    }

    @Test func carriesNoTimeUnlessOneIsGiven() throws {
        let lock = try SBOMSamples.lock()
        let dated = try BillOfMaterials(lock, sourceDate: 951_782_400)
        #expect(dated.text(.cyclonedx).contains(#""timestamp": "2000-02-29T00:00:00Z""#))
        #expect(dated.text(.spdx).contains(#""created": "2000-02-29T00:00:00Z""#))
        #expect(!(try BillOfMaterials(lock).text(.cyclonedx).contains("timestamp")))
        #expect(try BillOfMaterials(lock).text(.spdx).contains(#""created": "1970-01-01T00:00:00Z""#))
    }
}
