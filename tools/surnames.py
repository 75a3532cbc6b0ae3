"""Chinese surnames with their private spellings, and the characters common in given names.

Written down from general knowledge of names in Hong Kong, Taiwan and the mainland, in Traditional
characters; `tools/name_readings.py` adds the spellings that follow from the readings.
"""

SURNAMES = """
王 李 張 劉 陳 楊 黃 趙 吳 周 徐 孫 馬 朱 胡 郭 何 高 林 羅 鄭 梁 謝 宋 唐 許 韓 馮 鄧 曹
彭 曾 蕭 田 董 袁 潘 于 蔣 蔡 余 杜 葉 程 蘇 魏 呂 丁 任 沈 姚 盧 姜 崔 鍾 譚 陸 汪 范 金
石 廖 賈 夏 韋 傅 方 白 鄒 孟 熊 秦 邱 丘 江 尹 薛 閻 段 雷 侯 龍 史 陶 黎 賀 顧 毛 郝 龔
邵 萬 錢 嚴 覃 武 戴 莫 孔 向 湯 溫 康 施 文 牛 樊 葛 邢 安 齊 易 喬 伍 龐 顏 倪 莊 聶 章
魯 岳 翟 殷 詹 申 歐 耿 關 蘭 焦 俞 左 柳 甘 祝 包 寧 尚 符 舒 阮 柯 紀 梅 童 凌 畢 單 季
裴 霍 涂 成 苗 谷 曲 盛 冉 駱 藍 路 游 辛 靳 管 柴 蒙 鮑 華 喻 祁 蒲 房 滕 屈 饒 解 牟 艾
尤 時 穆 司 古 吉 繆 簡 車 項 連 褚 婁 竇 戚 岑 景 黨 宮 費 卜 冷 晏 卓 鄺 冼 區 招 麥 容
源 湛 佘 植 樓 池 湯 翁 卞 平 巫 甄 洪 勞 利 霍 岑 鄔 敖 賴 鄢 全 屠 麻 鄞 仇 應 郎 桂 車
耿 蘇 薄 宗 鞠 刁 闕 祖 廉 卿 匡 商 戎 隋 諶 原 言 苑 束 習 仲 荊 藺 都 郁 井 鈕 官 揭 布
封 符 農 凃 粟 鳳 陽 郗 幸 查 仝 危 閆 宿 帥 茅 柏 溥 勵 貢 班 奚 沙 伊 談 戈 明 計 水 逄
昌 楚 鄂 苟 冀 樂 雲 弓 巴 哈 靖 尉 封 鹿 諸
歐陽 司徒 司馬 諸葛 上官 皇甫 尉遲 夏侯 公孫 東方 令狐 慕容 端木 獨孤 南宮
西門 長孫 宇文 申屠 鍾離
"""

SURNAMES_COMMON = """
王 李 張 劉 陳 楊 黃 趙 吳 周 徐 孫 馬 朱 胡 郭 何 高 林 羅 鄭 梁 謝 宋 唐 許 韓 馮 鄧 曹
彭 曾 蕭 田 董 袁 潘 于 蔣 蔡 余 杜 葉 程 蘇 魏 呂 丁 任 沈 姚 盧 姜 崔 鍾 譚 陸 汪 范 金
石 廖 賈 夏 韋 傅 方 白 鄒 孟 熊 秦 邱 丘 江 尹 雷 侯 史 陶 黎 賀 顧 毛 龔 邵 萬 錢 嚴 武
戴 莫 孔 湯 溫 康 施 文 關 區 麥 冼 洪 容 伍 莊 顏 歐 倪 阮 柯 甘 賴 簡 古 游 翁 符 霍 凌
岑 駱 藍 鮑 詹 項 連 利 鄺 佘 招 卓 巫 梅 單 簡 龍 尤 屈
"""

SURNAME_SPELLINGS: dict[str, dict[str, str]] = {
    "王": {"also": "ong heng"},
    "李": {"hong_kong": "lee li lei", "wade_giles": "lee", "also": "lie"},
    "張": {"hong_kong": "cheung", "also": "teo tio chong tiong"},
    "劉": {"also": "low liew liow"},
    "陳": {"hong_kong": "chan", "also": "tan tran chin chean"},
    "楊": {"hong_kong": "yeung young yeong", "also": "yong yeo yu"},
    "黃": {"also": "ng ooi oei wee bong vong"},
    "趙": {"also": "teo chew"},
    "吳": {"hong_kong": "ng", "also": "goh go ngo gouw"},
    "伍": {"hong_kong": "ng", "also": "eng"},
    "周": {"hong_kong": "chow chau", "also": "chew joe jhou"},
    "鄒": {"hong_kong": "chow chau tsou"},
    "徐": {"hong_kong": "tsui chui", "also": "chee sy"},
    "孫": {"hong_kong": "suen sun shuen", "also": "soon"},
    "朱": {"hong_kong": "chu", "also": "choo gee"},
    "胡": {"hong_kong": "wu woo", "also": "foo oh"},
    "郭": {"hong_kong": "kwok", "also": "quek kuok koay"},
    "何": {"also": "hoe"},
    "高": {"also": "koh kow"},
    "林": {"also": "lim lum liem"},
    "羅": {"hong_kong": "lo law"},
    "鄭": {"also": "tay teh tee"},
    "梁": {"also": "neo leong niu"},
    "謝": {"hong_kong": "tse che tze", "also": "chia seah cheah"},
    "許": {"hong_kong": "hui", "also": "koh khoo hee kho"},
    "馮": {"also": "fong pang"},
    "曾": {"hong_kong": "tsang", "jyutping": "zang", "pinyin": "zeng", "also": "chang tsan"},
    "蕭": {"hong_kong": "siu", "also": "siau seow sio"},
    "葉": {"hong_kong": "yip ip", "also": "yap yeap"},
    "于": {"hong_kong": "yu"},
    "余": {"hong_kong": "yu yue", "also": "ee"},
    "蔣": {"hong_kong": "tseung cheung chiang"},
    "蔡": {"hong_kong": "choi tsoi", "also": "chua chai toy"},
    "蘇": {"also": "soh soo"},
    "呂": {"hong_kong": "lui", "wade_giles": "lyu", "also": "loo"},
    "任": {"hong_kong": "yam", "jyutping": "jam", "pinyin": "ren"},
    "沈": {"hong_kong": "shum sum", "jyutping": "sam", "pinyin": "shen", "also": "sim"},
    "姚": {"also": "yeow yew"},
    "盧": {"hong_kong": "lo loo", "also": "low"},
    "鍾": {"also": "cheong choong"},
    "范": {"also": "hoan pham"},
    "石": {"hong_kong": "shek"},
    "賈": {"jyutping": "gaa", "pinyin": "jia"},
    "夏": {"jyutping": "haa", "pinyin": "xia"},
    "方": {"also": "png"},
    "白": {"hong_kong": "pak", "also": "peh"},
    "邱": {"wade_giles": "chiou", "also": "khoo hew chew"},
    "丘": {"also": "khoo hew"},
    "江": {"also": "kang"},
    "雷": {"also": "looi"},
    "史": {"hong_kong": "sze see"},
    "施": {"hong_kong": "sze see", "also": "sy"},
    "黎": {"hong_kong": "lai"},
    "顧": {"hong_kong": "koo ku"},
    "古": {"hong_kong": "koo ku"},
    "龔": {"hong_kong": "kung"},
    "邵": {"hong_kong": "shiu siu", "also": "shaw"},
    "覃": {"jyutping": "cam", "pinyin": "qin"},
    "溫": {"hong_kong": "wan", "also": "oon"},
    "莫": {"hong_kong": "mok"},
    "廖": {"hong_kong": "liu liew"},
    "畢": {"hong_kong": "but bat pat"},
    "左": {"hong_kong": "jor cho tso"},
    "詹": {"hong_kong": "jim chim"},
    "曹": {"hong_kong": "tso cho"},
    "利": {"hong_kong": "lee li lei"},
    "岑": {"hong_kong": "shum sham sum"},
    "潘": {"hong_kong": "poon pun"},
    "顏": {"also": "gan"},
    "莊": {"also": "chng chong"},
    "翟": {"jyutping": "zaak", "pinyin": "zhai"},
    "歐": {"hong_kong": "au"},
    "區": {"hong_kong": "au", "jyutping": "au", "pinyin": "ou"},
    "柯": {"also": "kwa quah"},
    "單": {"hong_kong": "sin shin", "jyutping": "sin", "pinyin": "shan"},
    "解": {"jyutping": "haai", "pinyin": "xie"},
    "仇": {"jyutping": "kau", "pinyin": "qiu"},
    "查": {"hong_kong": "cha", "jyutping": "zaa", "pinyin": "zha"},
    "尉": {"pinyin": "wei"},
    "曲": {"pinyin": "qu"},
    "洪": {"also": "ang"},
    "翁": {"also": "ong"},
    "賴": {"also": "lye"},
    "冼": {"hong_kong": "sin sinn"},
    "樂": {"pinyin": "yue", "jyutping": "ngok"},
    "蓋": {"pinyin": "ge"},
    "葛": {"pinyin": "ge", "jyutping": "got"},
    "員": {"pinyin": "yun"},
    "司徒": {"hong_kong": "szeto seto", "also": "situ"},
    "司馬": {"hong_kong": "szema"},
    "歐陽": {"hong_kong": "auyeung auyoung", "also": "auyong"},
    "尉遲": {"pinyin": "yu chi", "jyutping": "wat ci"},
    "長孫": {"pinyin": "zhang sun", "jyutping": "zoeng syun"},
    "諸葛": {"hong_kong": "chukot"},
    "令狐": {"pinyin": "ling hu"},
    "宿": {"pinyin": "su"},
    "繆": {"pinyin": "miao", "jyutping": "miu"},
    "鮑": {"hong_kong": "pau pao"},
    "車": {"jyutping": "ce", "pinyin": "che"},
    "項": {"hong_kong": "hong"},
    "成": {"jyutping": "sing"},
    "盛": {"pinyin": "sheng", "jyutping": "sing"},
    "都": {"pinyin": "du"},
    "華": {"pinyin": "hua", "jyutping": "waa"},
    "易": {"hong_kong": "yick yik", "jyutping": "jik"},
    "連": {"jyutping": "lin"},
    "種": {"pinyin": "chong"},
}  # fmt: skip

GIVEN_FREQUENT = """
偉 明 文 志 家 嘉 俊 傑 華 國 建 強 永 榮 德 光 輝 成 龍 浩 豪 健 康 樂 朗 軒 銘 希 晴 詠
欣 怡 儀 婷 玲 芬 芳 英 美 麗 珍 淑 秀 慧 敏 惠 雅 雯 靜 潔 琪 穎 思 詩 恩 寶 燕 雪 蓮 鳳
娟 娥 萍 群 貞 玉 佩 碧 翠 月 少 小 大 天 子 梓 芷 曉 海 江 山 林 森 峰 鋒 勇 軍 平 安 寧
信 義 忠 孝 仁 智 賢 良 善 福 祿 壽 富 貴 財 興 旺 昌 盛 達 宏 洪 鴻 洋 波 濤 澤 源 泉 清
雲 宇 宙 星 晨 曦 陽 昇 東 南 西 北 中 正 世 生 祥 瑞 慶 喜 悅 心 愛 蓉 瑩 瑤 瓊 瑜 瑛 琳
珊 珠 環 倩 妍 妮 娜 婉 媛 嫻 嬋 嫦 彤 彥 仲 伯 學 業 勤 達 耀 景 旭 昊 晉 進 遠 逸 凱 凌
勝 威 毅 誠 謙 諾 哲 聖 倫 禮 偲 奇 啟 柏 松 梅 蘭 菊 竹 桂 菁 葉 蕙 薇 馨 芝 茵 莉 萱 蔚
蕾 穗 添 錦 鈞 鑫 鋼 鐵 金 銀 剛 斌 彬 兵 濱 賓 冰 炳 秉 丙 晶 靖 婧 敬 競 展 振 震 鎮 真
甄 辰 承 丞 澄 程 正 錚 崢 盈 迎 瀅
"""

GIVEN_COMMON = """
亞 阿 亨 仕 任 位 佐 佑 余 佳 依 侃 俐 保 俞 修 偵 傲 僑 儒 元 先 克 全 公 六 再 冬 冠 凡
凰 刊 利 力 加 勁 勛 勳 化 千 升 卉 卓 博 友 古 可 史 司 合 同 名 君 吟 含 品 哥 唐 唯 善
喬 單 囡 圓 圳 坤 垣 培 堅 堯 報 場 壯 夏 多 夢 天 太 夫 奕 好 如 妃 妙 姍 姬 姿 娣 娉 婕
婭 婉 媚 嫣 嬌 存 宗 定 宛 宜 宣 宥 容 寒 尚 尹 展 岳 崇 嵐 川 州 巧 帆 帥 帝 常 年 幸 庭
延 弘 弟 弦 張 影 徐 循 微 志 念 忻 怡 恆 恒 恬 悠 情 惟 愉 愷 慈 慕 憲 懿 戈 才 承 抒 抗
挺 捷 掌 揚 擎 放 政 效 教 敦 斐 新 方 施 日 昀 昆 昕 昭 時 晃 晏 晞 晟 景 智 暉 暐 暘 曜
曼 會 有 朋 朝 木 本 杏 杉 李 村 杜 杰 東 果 枝 柔 柳 栩 根 格 桐 桃 梁 棟 棠 業 楊 楓 楚
樑 樺 橋 橙 權 欽 歌 正 武 殷 毓 水 求 汝 汶 沁 沅 沐 沛 泓 泰 洛 津 洲 浚 浩 浪 涵 淇 淑
深 淳 渝 湘 湛 湧 溫 溢 滔 滿 漢 潔 潤 潮 濠 瀚 瀾 炎 炫 然 煒 煥 煌 照 熙 熊 熹 燁 燊 燦
爵 牧 特 玄 玥 玟 玫 珈 珏 珀 珩 珮 琛 琦 琬 琴 瑋 瑄 瑾 璇 璋 璐 璟 瓏 甜 用 田 由 男 留
畇 發 皓 益 盛 直 相 眉 睿 矢 石 碩 磊 礪 社 祖 祐 祈 祺 禎 禧 禾 秋 科 程 穎 穗 立 章 竣
筠 筱 算 箏 簡 米 粵 素 紅 純 紋 紓 紫 紹 絢 絲 綠 綺 維 綱 綸 緣 縈 繼 纓 羚 羨 翊 翎 習
翔 翰 翹 耘 聆 聞 聰 聲 肇 肖 育 胤 能 臨 自 致 舒 航 色 艷 艾 芊 芙 芮 芸 芹 若 苑 茜 茹
荃 草 荷 莎 莊 莘 菀 菲 華 萃 萌 萬 葆 葦 蒙 蒨 蒼 蓓 蔓 蔡 薈 藍 藝 蘅 蘇 虎 虹 融 衍 衡
裕 裴 襄 言 訓 記 詮 語 諭 諺 謹 譽 讓 豐 賀 資 賜 賦 超 越 路 軾 輔 輪 農 通 連 運 道 遙
邦 郁 郎 采 里 重 量 釗 鈴 鉅 鉦 銓 銳 鍵 鎧 鏗 鐘 開 關 阮 陸 隆 隱 雁 雄 雙 離 雨 露 霖
霞 霆 霏 青 韋 韜 韻 音 順 頌 頤 顏 願 顯 風 飛 馥 馬 駒 駿 騏 騫 騰 驊 高 鳴 鴿 鵑 鵬 麒
麟 黎 點 齊 齡 龔 城 基 堂 賢 貽 廉 廣 庚 嵩 巍 幹 延 廷 強 弼 昱 栢 標 樹 機 殷 沖 治 浦
濟 炯 烈 焯 煜 熾 球 甫 略 發 礎 磐 稀 穀 紀 練 緯 績 翀 苗 蓋 藹 誼 諳 賡 躍 軻 辛 迪 週
逢 造 遜 遠 邁 釧 鉞 錫 鎔 鑑 鑾 鑽 閏 靄 韶 頁 顥 飄 馳 驥 鯤 鶴 鸞 鷹 黛 儷 冼 嬅 嫚 娸
姸 妤 姵 嫈 倖 沂 萊 蕎 芯 蔆 葵 甯 璧 璦 靈 霓 韓 黃 勉 務 勸 勵 募 匡 協 尉 屏 巨 昶
"""
