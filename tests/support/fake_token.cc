// SPDX-License-Identifier: Apache-2.0
// A PKCS#11 module whose tokens do as a test says.
#include "support/fake_token.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace assayfs::testing {
namespace {

FakeToken fake;
CK_ULONG listed_keys = 0;
bool waits_for_login = false;

CK_RV Done(void*) { return CKR_OK; }

template <typename Text>
void Fill(Text& text, std::string_view value) {
  std::memset(text, ' ', sizeof(text));
  std::memcpy(text, value.data(), value.size());
}

CK_RV GetInfo(CK_INFO* info) {
  *info = {};
  info->cryptokiVersion = {2, 40};
  Fill(info->manufacturerID, "assayfs");
  Fill(info->libraryDescription, "fake");
  return CKR_OK;
}

CK_RV GetSlotList(CK_BBOOL, CK_SLOT_ID* slots, CK_ULONG* count) {
  *count = fake.tokens;
  for (CK_ULONG i = 0; slots != nullptr && i < fake.tokens; ++i) slots[i] = i;
  return CKR_OK;
}

CK_RV GetSlotInfo(CK_SLOT_ID, CK_SLOT_INFO* info) {
  *info = {};
  Fill(info->slotDescription, "fake slot");
  Fill(info->manufacturerID, "assayfs");
  return CKR_OK;
}

CK_RV GetTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO* info) {
  *info = {};
  Fill(info->label, "fake");
  Fill(info->manufacturerID, "assayfs");
  Fill(info->model, "none");
  Fill(info->serialNumber, std::to_string(slot));
  info->flags = fake.flags;
  return CKR_OK;
}

CK_RV OpenSession(CK_SLOT_ID slot, CK_FLAGS, void*, CK_NOTIFY,
                  CK_SESSION_HANDLE* session) {
  if (fake.session_answer != CKR_OK) return fake.session_answer;
  ++fake.open_sessions;
  *session = slot + 1;
  return CKR_OK;
}

CK_RV CloseSession(CK_SESSION_HANDLE) {
  --fake.open_sessions;
  return CKR_OK;
}

CK_RV Login(CK_SESSION_HANDLE, CK_USER_TYPE user, unsigned char* pin,
            CK_ULONG length) {
  ++(user == CKU_USER ? fake.user_logins : fake.logins_for_one_use);
  fake.used_keypad = pin == nullptr;
  if (pin != nullptr && std::string_view(reinterpret_cast<const char*>(pin),
                                         length) != kFakePin) {
    return CKR_PIN_INCORRECT;
  }
  if (user != CKU_USER) waits_for_login = false;
  return fake.login_answer;
}

CK_RV FindObjectsInit(CK_SESSION_HANDLE, CK_ATTRIBUTE*, CK_ULONG) {
  listed_keys = 0;
  return fake.find_answer;
}

CK_RV FindObjects(CK_SESSION_HANDLE, CK_OBJECT_HANDLE* found, CK_ULONG max,
                  CK_ULONG* count) {
  *count = 0;
  while (*count < max && listed_keys < fake.keys) {
    found[(*count)++] = ++listed_keys;
  }
  return CKR_OK;
}

CK_RV FindObjectsFinal(CK_SESSION_HANDLE) { return CKR_OK; }

CK_RV GetAttributeValue(CK_SESSION_HANDLE, CK_OBJECT_HANDLE,
                        CK_ATTRIBUTE* attribute, CK_ULONG) {
  if (fake.read_answer != CKR_OK) return fake.read_answer;
  if (attribute->type == CKA_KEY_TYPE) {
    std::memcpy(attribute->pValue, &fake.key_type, sizeof(fake.key_type));
    return CKR_OK;
  }
  if (attribute->type == CKA_ALWAYS_AUTHENTICATE) {
    std::memcpy(attribute->pValue, &fake.asks_each_time, sizeof(CK_BBOOL));
    return CKR_OK;
  }
  return CKR_ATTRIBUTE_TYPE_INVALID;
}

CK_RV SignInit(CK_SESSION_HANDLE, CK_MECHANISM*, CK_OBJECT_HANDLE) {
  waits_for_login = fake.asks_each_time != CK_FALSE;
  return CKR_OK;
}

CK_RV Sign(CK_SESSION_HANDLE, unsigned char* data, CK_ULONG size,
           unsigned char* signature, CK_ULONG* length) {
  if (waits_for_login) return CKR_USER_NOT_LOGGED_IN;
  if (fake.sign_answer != CKR_OK) return fake.sign_answer;
  fake.signed_bytes.assign(reinterpret_cast<const char*>(data), size);
  *length = 64;
  std::fill_n(signature, *length, static_cast<unsigned char>(1));
  return CKR_OK;
}

CK_FUNCTION_LIST MakeFunctions() {
  CK_FUNCTION_LIST functions{};
  functions.version = {2, 40};
  functions.C_Initialize = Done;
  functions.C_Finalize = Done;
  functions.C_GetInfo = GetInfo;
  functions.C_GetSlotList = GetSlotList;
  functions.C_GetSlotInfo = GetSlotInfo;
  functions.C_GetTokenInfo = GetTokenInfo;
  functions.C_OpenSession = OpenSession;
  functions.C_CloseSession = CloseSession;
  functions.C_Login = Login;
  functions.C_FindObjectsInit = FindObjectsInit;
  functions.C_FindObjects = FindObjects;
  functions.C_FindObjectsFinal = FindObjectsFinal;
  functions.C_GetAttributeValue = GetAttributeValue;
  functions.C_SignInit = SignInit;
  functions.C_Sign = Sign;
  return functions;
}

}  // namespace

extern "C" FakeToken* AssayfsFakeToken() { return &fake; }

extern "C" CK_RV C_GetFunctionList(CK_FUNCTION_LIST** list) {
  static CK_FUNCTION_LIST functions = MakeFunctions();
  functions.C_GetFunctionList = C_GetFunctionList;
  *list = &functions;
  return CKR_OK;
}

}  // namespace assayfs::testing
