// SPDX-License-Identifier: Apache-2.0
// A PKCS#11 module whose tokens do as a test says, in libfake-token.so.
#pragma once

#include <p11-kit/pkcs11.h>

#include <string>

namespace assayfs::testing {

// What the tokens, in slots 0 and up, are and answer; all are alike. Their PIN
// is kFakePin, their signatures are 64 bytes of 0x01.
inline constexpr char kFakePin[] = "1234";
struct FakeToken {
  CK_ULONG tokens = 1;
  CK_FLAGS flags = CKF_TOKEN_INITIALIZED | CKF_LOGIN_REQUIRED;
  CK_ULONG keys = 1;
  CK_KEY_TYPE key_type = CKK_EC;
  CK_BBOOL asks_each_time = CK_FALSE;
  CK_RV session_answer = CKR_OK;
  CK_RV login_answer = CKR_OK;  // to the right PIN
  CK_RV find_answer = CKR_OK;
  CK_RV read_answer = CKR_OK;
  CK_RV sign_answer = CKR_OK;

  // What was asked of them.
  int user_logins = 0;
  int logins_for_one_use = 0;
  bool used_keypad = false;
  int open_sessions = 0;
  std::string signed_bytes;  // by the last C_Sign
};

// Returns the one that this copy of the module goes by. Found by dlsym, because
// the program under test loads modules itself.
extern "C" FakeToken* AssayfsFakeToken();

}  // namespace assayfs::testing
