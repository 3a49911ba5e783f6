import Testing

@testable import Formats
@testable import PythonPackages

@Suite struct VersionTests {
    @Test func readsAndNormalizesVersionsAsPackaging() throws {
        let cases = try golden("versions")["normalized"]?.items ?? []
        #expect(cases.count > 700)
        for item in cases.map(\.items) {
            #expect(PackageVersion(item[0].text)?.description == item[1].string, "\(item[0].text)")
        }
    }

    @Test func ordersVersionsAsPackaging() throws {
        let json = try golden("versions")
        let sorted = (json["sorted"]?.items ?? []).compactMap { PackageVersion($0.text) }
        let equal = (json["equal"]?.items ?? []).compactMap(\.bool)
        #expect(sorted.count > 500 && equal.count == sorted.count - 1)
        for (index, isEqual) in equal.enumerated() {
            let (one, two) = (sorted[index], sorted[index + 1])
            #expect((one == two) == isEqual && (one < two) == !isEqual && !(two < one), "\(one) \(two)")
            if isEqual { #expect(one.hashValue == two.hashValue) }
        }
    }

    @Test func comparesVersionsWithSpecifiersAsPackaging() throws {
        let json = try golden("specifiers")
        let versions = (json["versions"]?.items ?? []).compactMap { PackageVersion($0.text) }
        let cases = json["specifiers"]?.items ?? []
        #expect(cases.count > 400 && versions.count > 100)
        for item in cases.map(\.items) {
            let specifier = VersionSpecifier(item[0].text)
            #expect((specifier == nil) == (item[2].string == nil), "\(item[0].text)")
            guard let specifier else { continue }
            #expect(specifier.namesPrerelease == item[1].bool, "\(item[0].text)")
            var bits = item[2].text.flatMap { digit -> [Bool] in
                let value = digit.hexDigitValue ?? 0
                return [value & 8 != 0, value & 4 != 0, value & 2 != 0, value & 1 != 0]
            }
            while bits.count < versions.count { bits.insert(false, at: 0) }
            for (version, isIn) in zip(versions, bits.suffix(versions.count)) {
                #expect(specifier.contains(version) == isIn, "\(version) \(specifier)")
            }
        }
    }

    @Test func choosesAmongVersionsAsPackaging() throws {
        let json = try golden("specifiers")
        let versions = (json["versions"]?.items ?? []).map(\.text)
        for item in (json["sets"]?.items ?? []).map(\.items) {
            let set = SpecifierSet(item[0].text)
            #expect((set == nil) == (item[2].array == nil), "\(item[0].text)")
            guard let set else { continue }
            let some = item[1].items.compactMap(\.integer)
            let zero = try #require(PackageVersion("0"))
            let found = set.choices(among: some) { PackageVersion(versions[$0]) ?? zero }
            #expect(Set(found) == Set(item[2].items.compactMap(\.integer)), "\(item[0].text)")
        }
    }
}
