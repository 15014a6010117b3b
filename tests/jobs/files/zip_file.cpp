#include "tests/jobs/files/zip_file.h"

#include <zlib.h>

#include <cstdint>

namespace xorch {

namespace {

std::string little(std::uint64_t number, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i) {
        text += static_cast<char>(number >> (8 * i) & 0xffU);
    }
    return text;
}

std::string deflate_all(const std::string& bytes) {
    z_stream stream{};
    deflateInit2(&stream, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    std::string packed(bytes.size() + 100, '\0');
    std::string input = bytes;
    stream.next_in = reinterpret_cast<Bytef*>(input.data());
    stream.avail_in = static_cast<uInt>(input.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    deflate(&stream, Z_FINISH);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    return packed;
}

}  // namespace

std::string make_zip(const std::vector<ZipEntry>& entries) {
    std::string file;
    std::string directory;
    for (const ZipEntry& entry : entries) {
        const std::string packed = entry.deflated ? deflate_all(entry.bytes) : entry.bytes;
        const auto sum =
            crc32_z(0, reinterpret_cast<const Bytef*>(entry.bytes.data()), entry.bytes.size());
        // Version, flags, method, time, date, checksum, sizes, lengths of name and extra field.
        const std::string common =
            little(20, 2) + little(0, 2) + little(entry.deflated ? 8 : 0, 2) + little(0, 4) +
            little(sum, 4) + little(packed.size(), 4) + little(entry.bytes.size(), 4) +
            little(entry.name.size(), 2) + little(0, 2);
        directory += "PK\x01\x02" + little(20, 2) + common + little(0, 8) + little(0, 2) +
                     little(file.size(), 4) + entry.name;
        file += "PK\x03\x04" + common + entry.name + packed;
    }
    const std::size_t at = file.size();
    return file + directory + "PK\x05\x06" + little(0, 4) + little(entries.size(), 2) +
           little(entries.size(), 2) + little(directory.size(), 4) + little(at, 4) + little(0, 2);
}

}  // namespace xorch
