#include "setup/mounts.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string_view>

namespace tokamark::setup {
namespace {

namespace fs = std::filesystem;

/// A rented GPU container with a network volume, in the layout of /proc/self/mounts.
constexpr std::string_view kRented =
    R"(overlay / overlay rw,relatime,lowerdir=/l/A:/l/B,upperdir=/d/diff,workdir=/d/work 0 0
proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0
tmpfs /dev tmpfs rw,nosuid,size=65536k,mode=755 0 0
shm /dev/shm tmpfs rw,nosuid,nodev,noexec,relatime,size=131072000k 0 0
sysfs /sys sysfs ro,nosuid,nodev,noexec,relatime 0 0
/dev/md1 /etc/hosts ext4 rw,relatime,stripe=64 0 0
/dev/md1 /etc/resolv.conf ext4 rw,relatime,stripe=64 0 0
/dev/md1 /usr/bin/nvidia-smi ext4 ro,nosuid,nodev,relatime 0 0
tmpfs /run/nvidia-persistenced/socket tmpfs rw,nosuid,nodev,noexec,relatime 0 0
mfs#volumes.example:9421 /workspace fuse rw,nosuid,nodev,relatime,user_id=0,group_id=0 0 0
/dev/sdb1 /mnt/read\040only xfs ro,relatime 0 0
)";

/// A virtual machine with one disk.
constexpr std::string_view kMachine = R"(/dev/vda1 / ext4 rw,relatime,discard 0 0
tmpfs /tmp tmpfs rw,nosuid,nodev 0 0
/dev/vda15 /boot/efi vfat rw,relatime 0 0
)";

class Mounts : public testing::Test {
 protected:
  std::vector<Mount> mounts_of(std::string_view text) {
    std::ofstream(file_) << text;
    auto found = read_mounts(file_);
    EXPECT_TRUE(found.has_value());
    return found.has_value() ? found.value() : std::vector<Mount>{};
  }
  void TearDown() override { fs::remove(file_); }

  fs::path file_ = fs::temp_directory_path() / ("tokamark-mounts-" + std::to_string(::getpid()));
};

TEST_F(Mounts, AContainersOwnDiskIsEphemeral) {
  const auto mounts = mounts_of(kRented);
  const Mount* mount = mount_of(mounts, "/nowhere/.cache/huggingface");
  ASSERT_NE(nullptr, mount);
  EXPECT_EQ("/", mount->point);
  EXPECT_TRUE(is_ephemeral(*mount));
}

TEST_F(Mounts, AVolumeIsNot) {
  const auto mounts = mounts_of(kRented);
  const Mount* mount = mount_of(mounts, "/workspace/huggingface/hub");
  ASSERT_NE(nullptr, mount);
  EXPECT_EQ("fuse", mount->type);
  EXPECT_FALSE(is_ephemeral(*mount));
  EXPECT_EQ("/", mount_of(mounts, "/workspaces/x")->point) << "a name that only begins alike";
}

TEST_F(Mounts, OnlyAWritableVolumeForDataIsOne) {
  const auto volumes = data_volumes(mounts_of(kRented));
  ASSERT_EQ(1U, volumes.size());
  EXPECT_EQ("/workspace", volumes.front().point);
}

TEST_F(Mounts, ASpaceInAPathIsRead) {
  const auto mounts = mounts_of(kRented);
  EXPECT_EQ("/mnt/read only", mounts.back().point);
  EXPECT_EQ(Writing::refused, mounts.back().writing);
}

TEST_F(Mounts, AMachinesDiskLasts) {
  const auto mounts = mounts_of(kMachine);
  EXPECT_FALSE(is_ephemeral(*mount_of(mounts, "/nowhere/cache")));
  EXPECT_TRUE(is_ephemeral(*mount_of(mounts, "/tmp/cache"))) << "memory is no place for a model";
  EXPECT_TRUE(data_volumes(mounts).empty());
}

TEST_F(Mounts, ALaterMountHidesAnEarlierOne) {
  const auto mounts = mounts_of("overlay / overlay rw 0 0\n/dev/sda1 / ext4 rw 0 0\n");
  EXPECT_EQ("ext4", mount_of(mounts, "/nowhere")->type);
}

TEST_F(Mounts, AMissingFileIsAnError) {
  EXPECT_TRUE(read_mounts("/nowhere/mounts").has_error());
  EXPECT_EQ(nullptr, mount_of({}, "/nowhere"));
}

}  // namespace
}  // namespace tokamark::setup
