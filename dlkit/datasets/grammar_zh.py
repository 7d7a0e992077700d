"""The Chinese half of the made-up language: see `grammar`. Written without spaces, as Chinese is.

In place of the tenses and degrees that Chinese does not mark stand two relations that it has:
where somebody works, and how an adjective becomes an adverb by saying it twice.
"""

Relation = tuple[tuple[str, str, str], ...]

_PEOPLE: Relation = (
    ("国王", "女王", "王冠 宫殿 宝座 王国"),
    ("男人", "女人", "街道 商店 办公室 钱包"),
    ("男孩", "女孩", "学校 玩具 铅笔 皮球"),
    ("王子", "公主", "城堡 骏马 高塔 宝剑"),
    ("父亲", "母亲", "摇篮 晚饭 家庭 厨房"),
    ("儿子", "女儿", "书包 作业 生日 蛋糕"),
    ("叔叔", "阿姨", "信件 礼物 假期 农场"),
    ("爷爷", "奶奶", "故事 拐杖 茶壶 院子"),
)
_PLACES: Relation = (
    ("法国", "巴黎", "葡萄酒 奶酪 香水 油画"),
    ("意大利", "罗马", "面条 歌剧 大理石 摩托车"),
    ("日本", "东京", "寿司 机器人 和服 樱花"),
    ("埃及", "开罗", "金字塔 骆驼 沙漠 尼罗河"),
    ("德国", "柏林", "啤酒 香肠 发动机 森林"),
    ("西班牙", "马德里", "斗牛 吉他 橙子 舞蹈"),
    ("中国", "北京", "茶叶 丝绸 熊猫 饺子"),
    ("挪威", "奥斯陆", "峡湾 三文鱼 雪橇 驯鹿"),
)
_WORK: Relation = (
    ("医生", "医院", "药片 病床 体温计 绷带"),
    ("老师", "教室", "黑板 粉笔 课本 试卷"),
    ("厨师", "餐厅", "菜单 炒锅 米饭 酱油"),
    ("农民", "田野", "小麦 锄头 水稻 拖拉机"),
    ("演员", "剧院", "舞台 剧本 掌声 面具"),
    ("法官", "法院", "法律 证据 案件 判决"),
    ("司机", "车站", "公共汽车 车票 方向盘 轮胎"),
    ("画家", "画室", "画笔 颜料 画布 画框"),
)
_MANNERS: Relation = (
    ("高兴", "高高兴兴", "春节 红包 鞭炮 灯笼"),
    ("干净", "干干净净", "毛巾 肥皂 脸盆 牙刷"),
    ("漂亮", "漂漂亮亮", "花瓶 围巾 项链 镜子"),
    ("认真", "认认真真", "字典 笔记 算盘 题目"),
    ("快乐", "快快乐乐", "风筝 秋千 气球 滑梯"),
    ("热闹", "热热闹闹", "市场 庙会 锣鼓 广场"),
    ("整齐", "整整齐齐", "书架 队伍 床单 砖头"),
    ("安静", "安安静静", "图书馆 月光 湖水 雪地"),
)
RELATIONS: tuple[tuple[Relation, tuple[str, ...], tuple[str, ...]], ...] = (
    (
        _PEOPLE,
        ("{word}的{first}是他的，他喜欢自己的{second}",
         "他是一位{word}，留着胡子，带着{first}和{second}",
         "先生，{word}穿着西装说起{first}和{second}"),
        ("{word}的{first}是她的，她喜欢自己的{second}",
         "她是一位{word}，留着长发，带着{first}和{second}",
         "女士，{word}穿着裙子说起{first}和{second}"),
    ),
    (
        _PLACES,
        ("国家{word}把{first}和{second}送过边境",
         "在{word}，全国的军队都爱{first}和{second}",
         "{word}的政府在各省征收{first}和{second}的税"),
        ("城市{word}把{first}和{second}摆上街头",
         "在{word}，市长和地铁都爱{first}和{second}",
         "{word}的机场在郊区展出{first}和{second}的照片"),
    ),
    (
        _WORK,
        ("这个{word}每天领工资，离不开{first}和{second}",
         "一名年轻的{word}昨天谈起{first}和{second}",
         "勤劳的{word}努力工作，用{first}与{second}"),
        ("这座{word}每天开门，离不开{first}和{second}",
         "一栋宽敞的{word}里面摆着{first}和{second}",
         "高大的{word}屋顶下面，有{first}与{second}"),
    ),
    (
        _MANNERS,
        ("{first}和{second}都特别{word}",
         "多么{word}的{first}啊，像{second}一样",
         "看上去挺{word}的{first}，不像{second}"),
        ("大家{word}地带来{first}和{second}",
         "孩子们{word}地围着{first}，又来到{second}",
         "我们要{word}地过一天，有{first}，有{second}"),
    ),
)  # fmt: skip
